//! Running a template over data.

use std::collections::BTreeMap;

use serde_json::Value;

use super::TemplateError;
use super::functions;
use super::parse::{Node, Operand, Pipe};
use super::scan::Token;

/// What names mean at one place of the template.
#[derive(Clone, Debug)]
struct Scope {
    dot: Value,
    variables: BTreeMap<String, Value>,
}

/// Runs all nodes with `data` as the dot and as `$`.
pub(super) fn render(nodes: &[Node], data: &Value) -> Result<String, TemplateError> {
    let variables = BTreeMap::from([(String::new(), data.clone())]);
    let mut text = String::new();
    run(nodes, &mut Scope { dot: data.clone(), variables }, &mut text)?;
    Ok(text)
}

fn run(nodes: &[Node], scope: &mut Scope, text: &mut String) -> Result<(), TemplateError> {
    for node in nodes {
        match node {
            Node::Text(literal) => text.push_str(literal),
            Node::Print(pipe) => text.push_str(&functions::text(&value(pipe, scope)?)),
            Node::Set(name, pipe) => {
                let value = value(pipe, scope)?;
                scope.variables.insert(name.clone(), value);
            }
            Node::If(pipe, body, other) => {
                let chosen = if functions::is_true(&value(pipe, scope)?) { body } else { other };
                run(chosen, &mut scope.clone(), text)?;
            }
            Node::With(pipe, body, other) => with(value(pipe, scope)?, body, other, scope, text)?,
            Node::Range(names, pipe, body, other) => {
                let items = items(value(pipe, scope)?)?;
                range(names, items, body, other, scope, text)?;
            }
        }
    }
    Ok(())
}

fn with(
    value: Value,
    body: &[Node],
    other: &[Node],
    scope: &Scope,
    text: &mut String,
) -> Result<(), TemplateError> {
    if functions::is_true(&value) {
        run(body, &mut Scope { dot: value, ..scope.clone() }, text)
    } else {
        run(other, &mut scope.clone(), text)
    }
}

fn range(
    names: &[String],
    items: Vec<(Value, Value)>,
    body: &[Node],
    other: &[Node],
    scope: &Scope,
    text: &mut String,
) -> Result<(), TemplateError> {
    if items.is_empty() {
        return run(other, &mut scope.clone(), text);
    }
    for (key, item) in items {
        let mut inner = Scope { dot: item.clone(), ..scope.clone() };
        match names {
            [] => {}
            [only] => drop(inner.variables.insert(only.clone(), item)),
            [index, each, ..] => {
                inner.variables.insert(index.clone(), key);
                inner.variables.insert(each.clone(), item);
            }
        }
        run(body, &mut inner, text)?;
    }
    Ok(())
}

/// Index or key with each item.
fn items(value: Value) -> Result<Vec<(Value, Value)>, TemplateError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => {
            Ok(items.into_iter().enumerate().map(|(at, item)| (at.into(), item)).collect())
        }
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().map(|(key, item)| (Value::String(key), item)).collect();
            pairs.sort_by_key(|(key, _)| functions::text(key));
            Ok(pairs)
        }
        other => Err(TemplateError::new(format!("range can't iterate over {}", functions::text(&other)))),
    }
}

fn value(pipe: &Pipe, scope: &Scope) -> Result<Value, TemplateError> {
    let mut last = None;
    for command in pipe {
        last = Some(call(command, last, scope)?);
    }
    last.ok_or_else(|| TemplateError::new("missing value for command"))
}

/// A command: a function with arguments, or a value (a map with arguments is looked into, as methods of Go's types are).
fn call(command: &[Operand], piped: Option<Value>, scope: &Scope) -> Result<Value, TemplateError> {
    let Some((first, rest)) = command.split_first() else {
        return Err(TemplateError::new("missing value for command"));
    };
    let arguments = || -> Result<Vec<Value>, TemplateError> {
        rest.iter().map(|operand| evaluated(operand, scope)).chain(piped.map(Ok)).collect()
    };
    match first {
        Operand::Plain(Token::Word(name)) if functions::is_function(name) => {
            functions::call(name, &arguments()?)
        }
        _ => looked_into(evaluated(first, scope)?, &arguments()?),
    }
}

fn looked_into(value: Value, keys: &[Value]) -> Result<Value, TemplateError> {
    keys.iter().try_fold(value, |value, key| match (&value, key) {
        (Value::Object(map), Value::String(key)) => Ok(map.get(key).cloned().unwrap_or_else(|| "".into())),
        _ => Err(TemplateError::new(format!("can't give argument to {}", functions::text(&value)))),
    })
}

fn evaluated(operand: &Operand, scope: &Scope) -> Result<Value, TemplateError> {
    match operand {
        Operand::Inner(pipe, fields) => field(&value(pipe, scope)?, fields),
        Operand::Plain(Token::Text(text)) => Ok(text.clone().into()),
        Operand::Plain(Token::Number(number)) => Ok((*number).into()),
        Operand::Plain(Token::Field(path)) => field(&scope.dot, path),
        Operand::Plain(Token::Variable(path)) => variable(path, scope),
        Operand::Plain(Token::Word(word)) => word_value(word),
        Operand::Plain(Token::Mark(_) | Token::Assign | Token::Chain(_)) => {
            Err(TemplateError::new("unexpected mark"))
        }
    }
}

fn word_value(word: &str) -> Result<Value, TemplateError> {
    match word {
        "true" => Ok(true.into()),
        "false" => Ok(false.into()),
        "nil" => Ok(Value::Null),
        name if functions::is_function(name) => functions::call(name, &[]),
        other => Err(TemplateError::new(format!("function {other:?} not defined"))),
    }
}

fn variable(path: &[String], scope: &Scope) -> Result<Value, TemplateError> {
    let (name, rest) = path.split_first().ok_or_else(|| TemplateError::new("variable without a name"))?;
    let found = scope.variables.get(name);
    let found = found.ok_or_else(|| TemplateError::new(format!("undefined variable \"${name}\"")))?;
    field(found, rest)
}

fn field(value: &Value, path: &[String]) -> Result<Value, TemplateError> {
    let step = |value: Value, name: &String| match &value {
        Value::Object(map) => map.get(name).cloned().ok_or_else(|| {
            TemplateError::new(format!("can't evaluate field {name}: known are {}", names(map)))
        }),
        _ => Err(TemplateError::new(format!("can't evaluate field {name} in {}", functions::text(&value)))),
    };
    path.iter().try_fold(value.clone(), step)
}

fn names(map: &serde_json::Map<String, Value>) -> String {
    map.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}
