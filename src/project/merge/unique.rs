//! Lists in which entries have a key: a later entry takes the place of an earlier one with the same key.

use std::collections::HashMap;

use crate::project::node::{Node, Value};
use crate::project::origin::Origins;
use crate::project::path::visit;
use crate::project::spelling::mount;

type Key = fn(&Node) -> Option<String>;

const RULES: [(&str, Key); 29] = [
    ("networks.*.labels", key_value),
    ("volumes.*.labels", key_value),
    ("services.*.annotations", key_value),
    ("services.*.build.args", key_value),
    ("services.*.build.additional_contexts", key_value),
    ("services.*.build.tags", key_value),
    ("services.*.build.labels", key_value),
    ("services.*.cap_add", key_value),
    ("services.*.cap_drop", key_value),
    ("services.*.configs", config_mount),
    ("services.*.deploy.labels", key_value),
    ("services.*.devices", device),
    ("services.*.dns", key_value),
    ("services.*.dns_opt", key_value),
    ("services.*.dns_search", key_value),
    ("services.*.environment", key_value),
    ("services.*.env_file", env_file),
    ("services.*.expose", scalar),
    ("services.*.labels", key_value),
    ("services.*.links", key_value),
    ("services.*.networks.*.aliases", key_value),
    ("services.*.networks.*.link_local_ips", key_value),
    ("services.*.ports", port),
    ("services.*.profiles", key_value),
    ("services.*.secrets", secret_mount),
    ("services.*.sysctls", key_value),
    ("services.*.tmpfs", key_value),
    ("services.*.volumes", volume),
    ("services.*.label_file", key_value),
];

/// Makes entries with the same key one, in the place of the first.
pub fn enforce(root: &mut Node, origins: &mut Origins) {
    for (pattern, key) in RULES {
        visit(root, pattern, &mut |node, _| {
            if let Some(items) = node.as_sequence_mut() {
                deduplicate(items, key, origins);
            }
        });
    }
}

/// Entries without a key (a bad short form, say) stay: validation speaks about them.
fn deduplicate(items: &mut Vec<Node>, key: Key, origins: &mut Origins) {
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut unique: Vec<Node> = Vec::with_capacity(items.len());
    for mut item in items.drain(..) {
        match key(&item).map(|key| (positions.get(&key).copied(), key)) {
            Some((Some(position), _)) => {
                origins.replace(&unique[position], &mut item);
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

fn scalar(item: &Node) -> Option<String> {
    item.value.scalar_text()
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

fn config_mount(item: &Node) -> Option<String> {
    file_mount(item, "")
}

fn secret_mount(item: &Node) -> Option<String> {
    file_mount(item, "/run/secrets")
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
