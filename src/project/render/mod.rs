//! The typed project as text: YAML and JSON as Compose prints them (compose-surface 1.16), and the compact JSON that
//! configuration hashes are made of (3.6).
//!
//! Compose prints with Go's encoders, whose rules about empty fields differ between the two; `serializer` knows those, so
//! that the model's types need not.

mod json;
mod order;
mod serializer;
mod yaml;

pub use serializer::Form;

use serde::Serialize;

use super::model::Project;
use super::node::{Node, Value};

/// A project as YAML that loads to the same project: each `$` of a value is written as `$$`.
pub fn yaml(project: &Project) -> String {
    commented_yaml(&printed(project), &|_| None)
}

/// What [`yaml`] prints, as a tree.
pub(super) fn printed(project: &Project) -> Node {
    let mut root = serializer::tree(project, Form::Yaml);
    escape_dollars(&mut root);
    root
}

/// A tree that is in order as YAML, with comments.
pub(super) fn commented_yaml(root: &Node, comments: yaml::Comments<'_>) -> String {
    yaml::print(root, comments)
}

/// A project as indented JSON; top-level keys are sorted, and `$` is escaped as in [`yaml`].
pub fn json(project: &Project) -> String {
    let mut root = serializer::tree(project, Form::Json);
    if let Some(entries) = root.as_mapping_mut() {
        for (key, node) in &project.extensions.0 {
            entries.insert(
                key.clone(),
                super::node::Entry { node: order::sorted(node.clone(), Form::Json), ..Default::default() },
            );
        }
        entries.sort_unstable_keys();
    }
    escape_dollars(&mut root);
    json::indented(&root)
}

/// A value as compact JSON, byte for byte what Go's `json.Marshal` gives for the same Compose type.
pub fn compact_json(value: &impl Serialize) -> String {
    tree_compact_json(&json_tree(value))
}

/// What [`compact_json`] prints, as a tree.
pub fn json_tree(value: &impl Serialize) -> Node {
    serializer::tree(value, Form::Json)
}

/// A tree as YAML, keys sorted.
pub fn tree_yaml(node: &Node) -> String {
    commented_yaml(&printed_tree(node), &|_| None)
}

/// What [`tree_yaml`] prints, as a tree; each node keeps its span.
pub(super) fn printed_tree(node: &Node) -> Node {
    order::sorted(node.clone(), Form::Yaml)
}

/// A tree as compact JSON.
pub fn tree_compact_json(node: &Node) -> String {
    json::compact(node)
}

/// A tree as indented JSON, keys sorted.
pub fn tree_json(node: &Node) -> String {
    json::indented(&order::sorted(node.clone(), Form::Json))
}

/// Keys stay as they are: variables in them are not replaced either.
fn escape_dollars(node: &mut Node) {
    match &mut node.value {
        Value::String(text) if text.contains('$') => *text = text.replace('$', "$$"),
        Value::Sequence(items) => items.iter_mut().for_each(escape_dollars),
        Value::Mapping(entries) => entries.values_mut().for_each(|entry| escape_dollars(&mut entry.node)),
        _ => {}
    }
}

/// Whether Go leaves a field with this value out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Float(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(entries) => entries.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
