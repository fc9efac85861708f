//! Lists in which entries have a key: a later entry takes the place of an earlier one with the same key.

use std::collections::HashMap;

use crate::project::attributes::keyed_lists;
use crate::project::node::{Node, Value};
use crate::project::origin::Origins;
use crate::project::path::visit;
use crate::project::spelling::mount;

/// What makes two entries of a list the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The text before the first `=`.
    BeforeEquals,
    /// The text.
    Text,
    /// The path in the container of a device.
    Device,
    /// The path of a file with variables.
    EnvFile,
    /// The path in the container of a config.
    ConfigTarget,
    /// The path in the container of a secret.
    SecretTarget,
    /// Host address, published port, container port and protocol.
    Port,
    /// The path in the container of a mount.
    MountTarget,
}

impl Key {
    /// `None` for an entry without one (a bad short form, say).
    fn of(self, item: &Node) -> Option<String> {
        match self {
            Key::BeforeEquals => key_value(item),
            Key::Text => item.value.scalar_text(),
            Key::Device => device(item),
            Key::EnvFile => env_file(item),
            Key::ConfigTarget => file_mount(item, ""),
            Key::SecretTarget => file_mount(item, "/run/secrets"),
            Key::Port => port(item),
            Key::MountTarget => volume(item),
        }
    }
}

/// Makes entries with the same key one, in the place of the first.
pub fn enforce(root: &mut Node, origins: &mut Origins) {
    for (pattern, key) in keyed_lists() {
        visit(root, pattern, &mut |node, _| {
            if let Some(items) = node.as_sequence_mut().filter(|items| items.len() > 1) {
                deduplicate(items, *key, origins);
            }
        });
    }
}

/// Entries without a key stay: validation speaks about them.
fn deduplicate(items: &mut Vec<Node>, key: Key, origins: &mut Origins) {
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut unique: Vec<Node> = Vec::with_capacity(items.len());
    for mut item in items.drain(..) {
        match key.of(&item).map(|key| (positions.get(&key).copied(), key)) {
            Some((Some(position), _)) => {
                if origins.is_recording() {
                    origins.replace(&without_key(&unique[position]), &mut item);
                }
                unique[position] = item;
            }
            Some((None, key)) => {
                positions.insert(key, unique.len());
                unique.push(item);
            }
            None => unique.push(item),
        }
    }
    *items = unique;
}

fn key_value(item: &Node) -> Option<String> {
    let text = item.as_str()?;
    Some(text.split_once('=').map_or(text, |(key, _)| key).to_owned())
}

/// The value of a `key=value` item; any other item whole.
fn without_key(item: &Node) -> Node {
    let value = item.as_str().and_then(|text| text.split_once('=')).map(|(_, value)| value);
    value.map_or_else(|| item.clone(), |value| Node::string(value, item.span))
}

fn text_of(item: &Node, key: &str) -> Option<String> {
    item.get(key).and_then(|node| node.value.scalar_text())
}

fn device(item: &Node) -> Option<String> {
    match &item.value {
        Value::String(text) => text.split(':').nth(1).or(Some(text.as_str())).map(str::to_owned),
        _ => text_of(item, "target").or_else(|| text_of(item, "source")),
    }
}

fn env_file(item: &Node) -> Option<String> {
    item.as_str().map(str::to_owned).or_else(|| text_of(item, "path"))
}

fn file_mount(item: &Node, directory: &str) -> Option<String> {
    match &item.value {
        Value::String(source) => Some(format!("{directory}/{source}")),
        _ => text_of(item, "target").or_else(|| Some(format!("{directory}/{}", text_of(item, "source")?))),
    }
}

fn port(item: &Node) -> Option<String> {
    if !matches!(item.value, Value::Mapping(_)) {
        return item.value.scalar_text();
    }
    let host = text_of(item, "host_ip").unwrap_or_else(|| "0.0.0.0".into());
    let published = text_of(item, "published").unwrap_or_default();
    let protocol = text_of(item, "protocol").unwrap_or_else(|| "tcp".into());
    Some(format!("{host}:{published}:{}/{protocol}", text_of(item, "target")?))
}

fn volume(item: &Node) -> Option<String> {
    match &item.value {
        Value::String(text) => mount::parse(text).ok().map(|mount| mount.target),
        _ => text_of(item, "target"),
    }
}
