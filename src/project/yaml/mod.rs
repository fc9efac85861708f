//! YAML text to trees with spans, by go-yaml's rules (which are neither YAML 1.1 nor 1.2).
//!
//! Owns parsing, scalar types, anchors, merge keys, duplicate keys, `!reset` and `!override`, and the limits that keep
//! hostile input bounded. Knows nothing about Compose's attributes.

mod builder;
mod events;
mod explain;
mod scalar;
mod timestamp;

use std::collections::HashMap;

use self::builder::Built;
use super::diagnostic::Diagnostic;
use super::node::{Node, Value};
use super::origin::Origins;
use super::source::{FileId, Span};

pub use scalar::is_plain_string;

/// A path from the root: map keys, and list positions as digits.
pub type Path = Vec<String>;

/// One YAML document of a file.
#[derive(Debug)]
pub struct Document {
    /// Its content, without the nodes tagged `!reset`.
    pub root: Node,
    /// Paths tagged `!reset` or `!override`: what earlier files say there is forgotten.
    pub removals: Vec<Path>,
    /// What is odd about the text of the file; the first document has all of it.
    pub warnings: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    Reset,
    Override,
}

/// Directives by the byte their tag starts at: unique in a file, and the same for every alias of the node.
type Directives = HashMap<u32, Directive>;

/// Reads every document of a file.
///
/// # Errors
/// The first syntax error, duplicate key, bad tag or exceeded limit.
pub fn parse(file: FileId, text: &str, origins: &mut Origins) -> Result<Vec<Document>, Box<Diagnostic>> {
    let Built { roots, directives, warnings } = builder::build(file, text, origins)?;
    let mut documents: Vec<Document> = roots.into_iter().map(|root| document(root, &directives)).collect();
    if let Some(first) = documents.first_mut() {
        first.warnings = warnings;
    }
    Ok(documents)
}

fn document(mut root: Node, directives: &Directives) -> Document {
    let mut removals = Vec::new();
    if !directives.is_empty() {
        apply_directives(&mut root, &mut Path::new(), directives, &mut removals);
    }
    Document { root, removals, warnings: Vec::new() }
}

/// Takes `!reset` nodes out and notes the paths of both tags.
fn apply_directives(node: &mut Node, path: &mut Path, directives: &Directives, removals: &mut Vec<Path>) {
    let mut keep = |step: String, child: &mut Node, path: &mut Path| {
        let directive = directives.get(&child.span.start).copied();
        path.push(step);
        if directive.is_some() {
            removals.push(path.clone());
        }
        if directive != Some(Directive::Reset) {
            apply_directives(child, path, directives, removals);
        }
        path.pop();
        directive != Some(Directive::Reset)
    };
    match &mut node.value {
        Value::Mapping(entries) => entries.retain(|key, entry| keep(key.clone(), &mut entry.node, path)),
        Value::Sequence(items) => {
            let mut position = 0;
            items.retain_mut(|item| {
                position += 1;
                keep((position - 1).to_string(), item, path)
            });
        }
        _ => {}
    }
}

fn syntax_error(span: Span, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("yaml-syntax", span, message))
}

#[cfg(test)]
mod tests;
