//! Short forms to long ones, on the tree, after every document: so that the next document merges into one known form.
//!
//! One row per attribute. Lists that Compose keeps as lists while merging (environment, labels, …) stay lists here;
//! `finish::lower` gives them their last form.

pub mod devices;
mod files;
mod mounts;
mod names;
mod ports;

use super::diagnostic::Diagnostic;
use super::node::{Mapping, Node, Value};
use super::path::{Trail, visit};
use super::source::SourceMap;
use super::spelling::Malformed;

/// What a transformation may leave behind.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The texts, to point at a part of one.
    sources: &'a SourceMap,
    /// Variables are left as they are written (`--no-interpolate`), so values need not make sense.
    uninterpolated: bool,
    /// Values that have no long form.
    pub errors: Vec<Diagnostic>,
    /// Odd but accepted values.
    pub warnings: Vec<Diagnostic>,
    /// Published ports so far.
    ports: usize,
}

type Transform = fn(&mut Node, &Trail<'_>, &mut Findings<'_>);

const TABLE: [(&str, Transform); 26] = [
    ("services.*.build", names::build),
    ("services.*.build.additional_contexts.[]", names::pair),
    ("services.*.build.ssh", names::ssh),
    ("services.*.build.provenance", names::text),
    ("services.*.build.sbom", names::text),
    ("services.*.build.secrets.[]", files::reference),
    ("services.*.build.no_cache_filter", names::list),
    ("services.*.configs.[]", files::reference),
    ("services.*.secrets.[]", files::reference),
    ("services.*.depends_on", names::dependencies),
    ("services.*.devices.[]", devices::device),
    ("services.*.dns", names::list_without_empty),
    ("services.*.dns_search", names::list),
    ("services.*.env_file", files::env_file),
    ("services.*.label_file", names::list),
    ("services.*.expose.[]", ports::exposed),
    ("services.*.extends", names::extends),
    ("services.*.gpus", devices::gpus),
    ("services.*.models", names::map),
    ("services.*.networks", names::map),
    ("services.*.ports", ports::ports),
    ("services.*.volumes.[]", mounts::mount),
    ("volumes.*", names::external),
    ("networks.*", names::external),
    ("secrets.*", names::external),
    ("configs.*", names::external),
];

/// Gives every attribute of the table its long form.
pub fn canonicalize<'a>(root: &mut Node, sources: &'a SourceMap, uninterpolated: bool) -> Findings<'a> {
    let mut findings =
        Findings { sources, uninterpolated, errors: Vec::new(), warnings: Vec::new(), ports: 0 };
    for (pattern, transform) in TABLE {
        visit(root, pattern, &mut |node, trail| transform(node, trail, &mut findings));
    }
    findings
}

impl Findings<'_> {
    /// A short form that is none: the error points at the part that is wrong.
    fn malformed(
        &self,
        code: &'static str,
        node: &Node,
        trail: &Trail<'_>,
        problem: Malformed,
    ) -> Diagnostic {
        let text = node.value.scalar_text().unwrap_or_default();
        let span = self.sources.part(node.span, &text, problem.part);
        Diagnostic::error(code, span, format!("{trail}: {}", problem.message))
    }
}

/// A map with known entries, at one place.
fn object<const N: usize>(node: &Node, entries: [(&str, Node); N]) -> Node {
    let mut object = Node::mapping(Mapping::new(), node.span);
    for (key, mut value) in entries {
        value.span = value.span.or(node.span);
        object.set(key, value);
    }
    object
}

/// Turns a text into a list of one.
fn into_list(node: &mut Node) {
    if matches!(node.value, Value::String(_)) {
        let item = std::mem::take(node);
        let span = item.span;
        *node = Node::sequence(vec![item], span);
    }
}

#[cfg(test)]
mod tests;
