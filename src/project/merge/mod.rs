//! How a later document changes an earlier one (compose-surface 1.11).
//!
//! Maps merge key by key, lists append, scalars are replaced, an explicit null changes nothing; attributes with another
//! rule are in `rules`. Then `unique` makes entries with the same key one. Both sides keep their spans, so a merged value
//! still says where it was written.

mod removal;
mod rules;
mod unique;

pub use removal::remove;
pub use rules::Rule;
pub use unique::{Key, enforce as enforce_unique};

use super::attributes::rule_at;
use super::diagnostic::Diagnostic;
use super::node::{Mapping, Node, Value};
use super::origin::Origins;
use super::path::Trail;

/// Merges `later` over `base` at the root.
///
/// # Errors
/// A list over a map or the like, where no rule brings them together.
pub fn merge(base: Node, later: Node, origins: &mut Origins) -> Result<Node, Box<Diagnostic>> {
    merge_at(base, later, &Trail::root(), origins)
}

/// Merges a service over the one it extends.
///
/// # Errors
/// As [`merge`].
pub fn merge_service(base: Node, later: Node, origins: &mut Origins) -> Result<Node, Box<Diagnostic>> {
    let root = Trail::root();
    let services = root.child("services");
    merge_at(base, later, &services.child("*"), origins)
}

fn merge_at(
    base: Node,
    mut later: Node,
    trail: &Trail<'_>,
    origins: &mut Origins,
) -> Result<Node, Box<Diagnostic>> {
    if let Some(rule) = rule_at(trail) {
        return rules::apply(rule, base, later, trail, origins);
    }
    if later.is_null() {
        return Ok(base);
    }
    origins.meet(&base, &mut later);
    let span = later.span;
    match (base.value, later.value) {
        (Value::Mapping(base_entries), Value::Mapping(entries)) => {
            let entries = merge_mappings(base_entries, entries, trail, origins)?;
            Ok(Node::mapping(entries, base.span.or(span)))
        }
        (Value::Sequence(mut items), Value::Sequence(more)) => {
            items.extend(more);
            Ok(Node::sequence(items, base.span.or(span)))
        }
        (Value::Mapping(_) | Value::Sequence(_), other) => {
            Err(clash(trail, &Node::new(other, span), base.span))
        }
        (_, value) => Ok(Node::new(value, span)),
    }
}

fn merge_mappings(
    mut base: Mapping,
    later: Mapping,
    trail: &Trail<'_>,
    origins: &mut Origins,
) -> Result<Mapping, Box<Diagnostic>> {
    for (key, entry) in later {
        match base.get_mut(&key) {
            None => {
                base.insert(key, entry);
            }
            Some(earlier) => {
                let node = std::mem::take(&mut earlier.node);
                earlier.node = merge_at(node, entry.node, &trail.child(&key), origins)?;
            }
        }
    }
    Ok(base)
}

fn clash(trail: &Trail<'_>, later: &Node, base: super::source::Span) -> Box<Diagnostic> {
    let message = format!("cannot override {trail}");
    let diagnostic =
        Diagnostic::error("merge", later.span, message).with_label(base, "defined here in another form");
    Box::new(diagnostic.with_help("write both as a list or both as a map"))
}

#[cfg(test)]
mod tests;
