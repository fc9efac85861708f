//! Functions of templates: Go's own and those of the docker client, as far as they make sense for JSON values.

use std::cmp::Ordering;

use serde_json::Value;

use super::TemplateError;

const NAMES: [&str; 23] = [
    "and", "eq", "ge", "gt", "index", "join", "json", "le", "len", "lower", "lt", "ne", "not", "or", "pad",
    "print", "printf", "println", "slice", "split", "title", "truncate", "upper",
];

/// Whether there is a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Calls a function.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, TemplateError> {
    let text_of = |at: usize| arguments.get(at).map(text).unwrap_or_default();
    let needed = match name {
        "print" | "println" => 0,
        "join" | "split" | "truncate" | "index" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "slice" => 2,
        "pad" => 3,
        _ => 1,
    };
    if arguments.len() < needed {
        return Err(TemplateError::new(format!("wrong number of arguments for {name}: want {needed}")));
    }
    match name {
        "json" => Ok(arguments[0].to_string().into()),
        "join" => Ok(list(&arguments[0])?.iter().map(text).collect::<Vec<_>>().join(&text_of(1)).into()),
        "split" => Ok(text_of(0).split(&text_of(1)).map(Value::from).collect::<Vec<_>>().into()),
        "lower" => Ok(text_of(0).to_lowercase().into()),
        "upper" => Ok(text_of(0).to_uppercase().into()),
        "title" => Ok(title(&text_of(0)).into()),
        "pad" => Ok(padded(&text_of(0), count(&arguments[1])?, count(&arguments[2])?).into()),
        "truncate" => Ok(text_of(0).chars().take(count(&arguments[1])?).collect::<String>().into()),
        "print" => Ok(arguments.iter().map(text).collect::<String>().into()),
        "println" => Ok(format!("{}\n", arguments.iter().map(text).collect::<Vec<_>>().join(" ")).into()),
        "printf" => Ok(formatted(&text_of(0), &arguments[1..]).into()),
        "len" => length(&arguments[0]),
        "index" => index(&arguments[0], &arguments[1..]),
        "slice" => sliced(&arguments[0], &arguments[1..]),
        "not" => Ok((!is_true(&arguments[0])).into()),
        "and" => Ok(arguments
            .iter()
            .find(|value| !is_true(value))
            .unwrap_or(&arguments[arguments.len() - 1])
            .clone()),
        "or" => Ok(arguments
            .iter()
            .find(|value| is_true(value))
            .unwrap_or(&arguments[arguments.len() - 1])
            .clone()),
        "eq" => Ok(arguments[1..].contains(&arguments[0]).into()),
        "ne" => Ok((arguments[0] != arguments[1]).into()),
        "lt" | "le" | "gt" | "ge" => compared(name, &arguments[0], &arguments[1]),
        other => Err(TemplateError::new(format!("function {other:?} is not supported"))),
    }
}

/// A value as Go prints it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().map(|(key, value)| format!("{key}:{}", text(value))).collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

/// Whether a condition holds: not zero and not empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn list(value: &Value) -> Result<&Vec<Value>, TemplateError> {
    value.as_array().ok_or_else(|| TemplateError::new(format!("{} is not a list", text(value))))
}

fn count(value: &Value) -> Result<usize, TemplateError> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| TemplateError::new(format!("{} is not a number", text(value))))
}

fn title(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Blanks around a text; none around an empty one.
fn padded(text: &str, left: usize, right: usize) -> String {
    if text.is_empty() { String::new() } else { format!("{:left$}{text}{:right$}", "", "") }
}

fn length(value: &Value) -> Result<Value, TemplateError> {
    match value {
        Value::String(text) => Ok(text.len().into()),
        Value::Array(items) => Ok(items.len().into()),
        Value::Object(map) => Ok(map.len().into()),
        other => Err(TemplateError::new(format!("len of {}", text(other)))),
    }
}

fn index(value: &Value, keys: &[Value]) -> Result<Value, TemplateError> {
    keys.iter().try_fold(value.clone(), |value, key| match &value {
        Value::Object(map) => Ok(map.get(&text(key)).cloned().unwrap_or_else(|| "".into())),
        Value::Array(items) => items
            .get(count(key)?)
            .cloned()
            .ok_or_else(|| TemplateError::new(format!("index out of range: {}", text(key)))),
        other => Err(TemplateError::new(format!("can't index {}", text(other)))),
    })
}

fn sliced(value: &Value, bounds: &[Value]) -> Result<Value, TemplateError> {
    let from = count(&bounds[0])?;
    let until = bounds.get(1).map(count).transpose()?.unwrap_or(usize::MAX).max(from);
    match value {
        Value::String(text) => Ok(text.chars().take(until).skip(from).collect::<String>().into()),
        other => Ok(list(other)?.iter().take(until).skip(from).cloned().collect::<Vec<_>>().into()),
    }
}

fn compared(name: &str, one: &Value, other: &Value) -> Result<Value, TemplateError> {
    let order = match (one.as_f64(), other.as_f64(), one.as_str(), other.as_str()) {
        (Some(one), Some(other), ..) => one.partial_cmp(&other),
        (.., Some(one), Some(other)) => Some(one.cmp(other)),
        _ => None,
    };
    let order = order.ok_or_else(|| TemplateError::new("incompatible types for comparison"))?;
    Ok(match name {
        "lt" => order == Ordering::Less,
        "le" => order != Ordering::Greater,
        "gt" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }
    .into())
}

/// `%s`, `%v`, `%d`, `%q` and `%%`, with a width.
fn formatted(format: &str, arguments: &[Value]) -> String {
    let mut arguments = arguments.iter();
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
        let (width, verb) = (&rest[..end], rest[end..].chars().next());
        rest = &rest[end + verb.map_or(0, char::len_utf8)..];
        match verb {
            Some('%') | None => out.push('%'),
            Some('q') => out
                .push_str(&aligned(&format!("{:?}", arguments.next().map(text).unwrap_or_default()), width)),
            Some(_) => out.push_str(&aligned(&arguments.next().map(text).unwrap_or_default(), width)),
        }
    }
    out + rest
}

fn aligned(text: &str, width: &str) -> String {
    let columns: usize = width.trim_start_matches('-').parse().unwrap_or(0);
    if width.starts_with('-') { format!("{text:<columns$}") } else { format!("{text:>columns$}") }
}
