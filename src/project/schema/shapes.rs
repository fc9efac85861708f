//! Values of the wrong type: what Compose says, and what to write instead.

use super::definition::Type;
use crate::project::node::{Mapping, Node, Value};

/// `must be a boolean, null or string`
pub fn must_be(types: &[Type]) -> String {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    let names: Vec<String> = types.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "has the wrong type".into(),
        [one] => format!("must be a {one}"),
        [first @ .., last] => format!("must be a {} or {last}", first.join(", ")),
    }
}

/// The same value in a type that is wanted, where there is an obvious one.
pub fn help(node: &Node, path: &[String], wanted: &[Type]) -> Option<String> {
    let key = path.last().map_or("", String::as_str);
    let wants = |kind: Type| wanted.contains(&kind);
    match &node.value {
        Value::Null => Some(empty(path, key)),
        Value::String(text) if wants(Type::Array) => Some(as_list(key, text)),
        Value::Mapping(entries) if is_item(key) && wants(Type::String) => pair(entries, path),
        Value::Mapping(_) if wants(Type::Array) && wants(Type::String) => {
            Some(format!("write `{key}` as one text or as a list"))
        }
        Value::Mapping(_) => None,
        Value::String(text) if wants(Type::Object) && missing_blank(text).is_some() => missing_blank(text),
        Value::Sequence(items) if wants(Type::String) => match items.as_slice() {
            [only] => Some(format!("write it without the list: `{key}: {}`", only.value.scalar_text()?)),
            _ => Some(format!("`{key}` takes one value")),
        },
        Value::Sequence(_) if wants(Type::Object) => Some("write `key: value` lines without dashes".into()),
        Value::Sequence(_) => None,
        Value::Bool(_) if key == "restart" => {
            Some("the policies are \"no\" (in quotes), always, on-failure and unless-stopped".into())
        }
        value if wants(Type::Array) => Some(as_list(key, &value.scalar_text()?)),
        Value::Int(number) if wants(Type::String) && DURATIONS.contains(&key) => {
            Some(format!("add the unit: {number}s"))
        }
        value if wants(Type::String) => Some(format!("quote it: \"{}\"", value.scalar_text()?)),
        _ if wants(Type::Object) => Some(format!("indent `key: value` lines below `{key}:`")),
        _ => None,
    }
}

/// Attributes that hold a duration, which people write in seconds.
const DURATIONS: [&str; 8] = [
    "delay",
    "interval",
    "monitor",
    "start_interval",
    "start_period",
    "stop_grace_period",
    "timeout",
    "window",
];

/// `key:value`, which is one word to YAML.
fn missing_blank(text: &str) -> Option<String> {
    let (key, value) = text.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    (is_key && !value.is_empty() && !value.starts_with(' '))
        .then(|| format!("a blank is missing after the colon: `{key}: {value}`"))
}

fn is_item(key: &str) -> bool {
    key.parse::<usize>().is_ok()
}

fn empty(path: &[String], key: &str) -> String {
    if path.len() == 2 && path[0] == "services" {
        "a service needs at least `image:` or `build:`, indented below its name".into()
    } else if is_item(key) {
        "nothing stands after the dash: remove it, or add the item".into()
    } else {
        format!("nothing stands after `{key}:`; indent its content below it, or leave the key out")
    }
}

/// `- KEY: value` where `- KEY=value` was meant.
fn pair(entries: &Mapping, path: &[String]) -> Option<String> {
    let (name, entry) = entries.first()?;
    let value = entry.node.value.scalar_text()?;
    Some(match path.get(path.len().wrapping_sub(2)).map(String::as_str) {
        Some("environment" | "labels" | "args" | "annotations" | "sysctls") => {
            format!("in a list write `- {name}={value}`; or write `{name}: {value}` without the dash")
        }
        _ => format!("a text with \": \" in it must be quoted: \"{name}: {value}\""),
    })
}

fn as_list(key: &str, item: &str) -> String {
    if let Some(item) = item.strip_prefix('-') {
        return format!("put a blank after the dash: `- {item}`");
    }
    let quoted = if item.contains([':', '#', ' ', '{', '[']) { format!("{item:?}") } else { item.to_owned() };
    format!("write it as a list:\n\n{key}:\n  - {quoted}")
}
