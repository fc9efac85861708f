//! Attributes that may be a name, a list of names or a map.

use super::{Findings, into_list, object};
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::path::Trail;
use crate::project::source::Span;

/// A text as a list of one.
pub fn list(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    into_list(node);
}

/// As [`list`]; empty items, which a variable without a value leaves, are taken out.
pub fn list_without_empty(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    into_list(node);
    if let Some(items) = node.as_sequence_mut() {
        items.retain(|item| item.as_str() != Some(""));
    }
}

/// `name=context`; a name alone names no context.
pub fn pair(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    if let Some(text) = node.as_str().filter(|text| !text.contains('=')) {
        let message = format!("{trail}: invalid value {text}, expected key=value");
        findings.errors.push(
            Diagnostic::error("invalid-value", node.span, message)
                .with_help(format!("say where it is: {text}=PATH-OR-URL")),
        );
    }
}

/// A boolean as text.
pub fn text(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    if let Value::Bool(value) = node.value {
        node.value = Value::String(value.to_string());
    }
}

/// A list of names as a map to nothing.
pub fn map(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    names_to_map(node, |_| Node::default());
}

/// A list of names as dependencies; a dependency without `required` is required.
pub fn dependencies(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    names_to_map(node, |span| {
        let place = Node::new(Value::Null, span);
        let condition = Node::string("service_started", span.filled_in());
        object(
            &place,
            [("condition", condition), ("required", Node::new(Value::Bool(true), span.filled_in()))],
        )
    });
    let Some(entries) = node.as_mapping_mut() else { return };
    for entry in entries.values_mut() {
        if entry.node.get("required").is_none() {
            entry.node.set("required", true.into());
        }
    }
}

fn names_to_map(node: &mut Node, value: fn(Span) -> Node) {
    let Value::Sequence(items) = &node.value else { return };
    let entries: Mapping = items
        .iter()
        .filter_map(|item| {
            Some((item.as_str()?.to_owned(), Entry { key_span: item.span, node: value(item.span) }))
        })
        .collect();
    node.value = Value::Mapping(entries);
}

/// A context alone as a build.
pub fn build(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    if matches!(node.value, Value::String(_)) {
        let context = std::mem::take(node);
        *node = object(&context.clone(), [("context", context)]);
    }
}

/// A service name alone as `extends`.
pub fn extends(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    if matches!(node.value, Value::String(_)) {
        let service = std::mem::take(node);
        *node = object(&service.clone(), [("service", service)]);
    }
}

/// SSH agents as a map from id to path, which may be nothing.
pub fn ssh(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    into_list(node);
    let Value::Sequence(items) = &node.value else { return };
    let entry = |item: &Node| {
        let text = item.as_str()?;
        let (id, path) = text
            .split_once('=')
            .map_or((text, Node::default()), |(id, path)| (id, Node::string(path, item.span)));
        Some((id.to_owned(), Entry { key_span: item.span, node: path }))
    };
    node.value = Value::Mapping(items.iter().filter_map(entry).collect());
}

/// `external: {name: x}`, which is deprecated, as `external: true` and `name: x`.
pub fn external(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    let Some(external) = node.get("external") else { return };
    let span = external.span;
    let Some(name) = external.get("name").cloned() else {
        if matches!(external.value, Value::Mapping(_)) {
            node.set("external", Node::new(Value::Bool(true), span));
        }
        return;
    };
    let message = format!("{trail}: external.name is deprecated. Please set name and external: true");
    findings.warnings.push(Diagnostic::warning("deprecated", span, message));
    if let Some(own) = node.get("name").filter(|own| **own != name) {
        let message = format!("{trail}: name and external.name conflict; only use name");
        findings
            .errors
            .push(Diagnostic::error("conflict", own.span, message).with_label(name.span, "the other name"));
    }
    node.set("name", name);
    node.set("external", Node::new(Value::Bool(true), span));
}
