//! Values of the wrong type: what Compose says, and what to write instead.

use super::definition::Type;
use crate::project::node::{Node, Value};

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
        Value::Null if path.len() == 2 && path[0] == "services" => {
            Some("a service needs at least `image:` or `build:`, indented below its name".into())
        }
        Value::Null => {
            Some(format!("nothing stands after `{key}:`; indent its content below it, or leave the key out"))
        }
        Value::String(text) if wants(Type::Array) => Some(as_list(key, text)),
        Value::Mapping(entries) if key.parse::<usize>().is_ok() && wants(Type::String) => {
            let (name, entry) = entries.first()?;
            let value = entry.node.value.scalar_text()?;
            // `- KEY: value` in a list of `KEY=value`.
            match path.get(path.len().wrapping_sub(2)).map(String::as_str) {
                Some("environment" | "labels" | "args" | "annotations" | "sysctls") => Some(format!(
                    "in a list write `- {name}={value}`; or write `{name}: {value}` without the dash"
                )),
                _ => Some(format!("a text with \": \" in it must be quoted: \"{name}: {value}\"")),
            }
        }
        Value::Sequence(items) if wants(Type::String) => match items.as_slice() {
            [only] => Some(format!("write it without the list: `{key}: {}`", only.value.scalar_text()?)),
            _ => Some(format!("`{key}` takes one value")),
        },
        Value::Sequence(_) if wants(Type::Object) => Some("write `key: value` lines without dashes".into()),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) if wants(Type::Array) => {
            Some(as_list(key, &node.value.scalar_text()?))
        }
        Value::Int(_) | Value::Float(_) | Value::Bool(_) if wants(Type::String) => {
            Some(format!("quote it: \"{}\"", node.value.scalar_text()?))
        }
        _ => None,
    }
}

fn as_list(key: &str, item: &str) -> String {
    let quoted = if item.contains([':', '#', ' ', '{', '[']) { format!("{item:?}") } else { item.to_owned() };
    format!("write it as a list:\n\n{key}:\n  - {quoted}")
}
