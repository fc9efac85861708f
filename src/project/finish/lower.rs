//! The last forms before decoding: lists of `key=value` become maps, command lines become words.

use super::hosts;
use crate::project::canonical::devices;
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::path::{Trail, visit};
use crate::project::spelling::words;

/// Variables: a name without a value stays without.
const ENVIRONMENTS: [&str; 6] = [
    "services.*.environment",
    "services.*.build.args",
    "services.*.develop.watch.[].exec.environment",
    "services.*.pre_start.[].environment",
    "services.*.post_start.[].environment",
    "services.*.pre_stop.[].environment",
];

/// Text by name: a name without a value has an empty one.
const MAPS: [&str; 15] = [
    "services.*.annotations",
    "services.*.labels",
    "services.*.sysctls",
    "services.*.build.labels",
    "services.*.build.additional_contexts",
    "services.*.deploy.labels",
    "services.*.deploy.resources.reservations.devices.[].options",
    "services.*.gpus.[].options",
    "services.*.volumes.[].volume.labels",
    "services.*.logging.options",
    "networks.*.labels",
    "volumes.*.labels",
    "secrets.*.labels",
    "configs.*.labels",
    "services.*.storage_opt",
];

const COMMANDS: [&str; 6] = [
    "services.*.command",
    "services.*.entrypoint",
    "services.*.develop.watch.[].exec.command",
    "services.*.pre_start.[].command",
    "services.*.post_start.[].command",
    "services.*.pre_stop.[].command",
];

const LISTS: [&str; 5] = [
    "services.*.tmpfs",
    "services.*.develop.watch.[].ignore",
    "services.*.develop.watch.[].include",
    "services.*.provider.options.*",
    "services.*.dns",
];

/// Rewrites a tree in place; gives errors and warnings.
pub fn lower(tree: &mut Node) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    visit(tree, "services.*.environment.[]", &mut |node, trail| errors.extend(bad_name(node, trail)));
    for pattern in ENVIRONMENTS {
        visit(tree, pattern, &mut |node, _| {
            without_empty(node);
            to_map(node, || Value::Null);
        });
    }
    for pattern in MAPS {
        visit(tree, pattern, &mut |node, _| to_map(node, || Value::String(String::new())));
    }
    visit(tree, "services.*.volumes.[].tmpfs.mode", &mut |node, trail| errors.extend(octal(node, trail)));
    for pattern in COMMANDS {
        visit(tree, pattern, &mut |node, trail| match command(node) {
            Ok(ignored) => warnings.extend(ignored.map(|rest| operator(node, &trail.to_string(), &rest))),
            Err(message) => {
                let error = Diagnostic::error("command", node.span, format!("{trail}: {message}"));
                errors.push(error.with_help("close it, or write the command as a list of words"))
            }
        });
    }
    for pattern in LISTS {
        visit(tree, pattern, &mut |node, _| to_list(node));
    }
    visit(tree, "services.*.build.ssh", &mut |node, _| ssh(node));
    for pattern in ["services.*.gpus.[]", "services.*.deploy.resources.reservations.devices.[]"] {
        visit(tree, pattern, &mut |node, trail| errors.extend(devices::count(node, trail).err()));
    }
    for pattern in ["services.*.extra_hosts", "services.*.build.extra_hosts"] {
        visit(tree, pattern, &mut |node, _| errors.extend(hosts::lower(node).err()));
    }
    visit(tree, "services.*.healthcheck.test", &mut |node, _| errors.extend(health_test(node).err()));
    (errors, warnings)
}

/// `- NAME = value` is not what it looks like.
fn bad_name(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    let (name, _) = node.as_str()?.split_once('=')?;
    let message = match name {
        "" => format!("{trail}: environment variable without a name"),
        _ if name.ends_with(' ') => {
            format!("{trail}: environment variable {name:?} is declared with a trailing space")
        }
        _ => return None,
    };
    Some(Diagnostic::error("environment", node.span, message).with_help("write NAME=value without blanks"))
}

/// An item that a variable made empty (`- ${EXTRA:-}`) sets nothing.
fn without_empty(node: &mut Node) {
    if let Some(items) = node.as_sequence_mut() {
        items.retain(|item| item.as_str() != Some(""));
    }
}

/// A mode as text is octal; as a number YAML has read it already.
fn octal(node: &mut Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    let text = node.as_str()?;
    match u32::from_str_radix(text.trim_start_matches("0o"), 8) {
        Ok(mode) => {
            node.value = Value::Int(mode.into());
            None
        }
        Err(_) => {
            let error = Diagnostic::error("mode", node.span, format!("{trail}: {text:?} is no octal mode"));
            Some(error.with_help("write it as in 0755 or \"1777\""))
        }
    }
}

/// A map of scalars as a map of text; a list of `key=value` too.
fn to_map(node: &mut Node, absent: fn() -> Value) {
    match &mut node.value {
        Value::Mapping(entries) => {
            for entry in entries.values_mut() {
                entry.node.value = text_or(&entry.node, absent);
            }
        }
        Value::Sequence(items) => {
            let entries: Mapping = items.iter().map(|item| pair(item, absent)).collect();
            node.value = Value::Mapping(entries);
        }
        _ => {}
    }
}

fn text_or(node: &Node, absent: fn() -> Value) -> Value {
    if node.is_null() { absent() } else { node.value.scalar_text().map_or_else(absent, Value::String) }
}

fn pair(item: &Node, absent: fn() -> Value) -> (String, Entry) {
    let text = item.value.scalar_text().unwrap_or_default();
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key.to_owned(), Value::String(value.to_owned())),
        None => (text, absent()),
    };
    (key, Entry { key_span: item.span, node: Node::new(value, item.span) })
}

fn to_list(node: &mut Node) {
    if !matches!(node.value, Value::Sequence(_) | Value::Null | Value::Mapping(_)) {
        let item = std::mem::take(node);
        let span = item.span;
        *node = Node::sequence(vec![item], span);
    }
}

/// A command line as words; gives what an operator cuts off.
fn command(node: &mut Node) -> Result<Option<String>, String> {
    let Some(text) = node.as_str() else { return Ok(None) };
    let line = words::split(text)?;
    let ignored = line.ignored.map(str::to_owned);
    let words = line.words.into_iter().map(|word| Node::string(word, node.span)).collect();
    node.value = Value::Sequence(words);
    Ok(ignored)
}

fn operator(node: &Node, trail: &str, rest: &str) -> Diagnostic {
    let message = format!("{trail}: everything from {rest:?} on is ignored: no shell runs here");
    Diagnostic::warning("command-operator", node.span, message)
        .with_help("run a shell: [\"sh\", \"-c\", \"...\"]")
}

/// SSH agents as `id` or `id=path`, sorted.
fn ssh(node: &mut Node) {
    let Value::Mapping(entries) = &node.value else { return };
    let line = |(id, entry): (&String, &Entry)| match entry.node.value.scalar_text() {
        Some(path) if !path.is_empty() => Node::string(format!("{id}={path}"), entry.key_span),
        _ => Node::string(id.as_str(), entry.key_span),
    };
    let mut lines: Vec<Node> = entries.iter().map(line).collect();
    lines.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    node.value = Value::Sequence(lines);
}

/// A test as text runs in a shell; a list says first how it runs.
fn health_test(node: &mut Node) -> Result<(), Diagnostic> {
    match &node.value {
        Value::String(_) => {
            let test = std::mem::take(node);
            let span = test.span;
            *node = Node::sequence(vec![Node::string("CMD-SHELL", span), test], span);
            Ok(())
        }
        Value::Sequence(items) => match items.first().and_then(Node::as_str) {
            None | Some("NONE" | "CMD" | "CMD-SHELL") => Ok(()),
            Some(_) => {
                let message = "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"";
                let help =
                    "put \"CMD\" before the program, or write the test as one text to run it in a shell";
                Err(Diagnostic::error("healthcheck", items[0].span, message).with_help(help))
            }
        },
        _ => Ok(()),
    }
}
