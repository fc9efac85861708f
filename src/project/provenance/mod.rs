//! Where every value of a project comes from: its file and line, what it overrode, the variables it was made of.
//!
//! Brings the printed form of a project (`render`) together with the places its tree knows and the origins that were
//! recorded while loading (`origin`). Loads nothing and decides nothing.

mod comment;
mod report;

use super::load::LoadedTree;
use super::model::Project;
use super::node::{Node, Value};
use super::origin::Origins;
use super::render;
use super::source::SourceMap;

/// A printed form in which every node has the span of what was written.
pub struct Provenance<'a> {
    printed: Node,
    origins: &'a Origins,
    sources: &'a SourceMap,
}

impl<'a> Provenance<'a> {
    /// That of a project that was loaded with `LoadOptions::record_origins`.
    pub fn of(project: &'a Project) -> Self {
        let mut printed = render::printed(project);
        place(&mut printed, Some(&project.tree), &mut Vec::new(), &project.origins);
        Self { printed, origins: &project.origins, sources: &project.sources }
    }

    /// That of a tree in which variables were not replaced.
    pub fn of_tree(loaded: &'a LoadedTree) -> Self {
        let printed = render::printed_tree(&loaded.tree);
        Self { printed, origins: &loaded.origins, sources: &loaded.sources }
    }

    /// YAML that loads to the same project, each value with a comment.
    pub fn yaml(&self) -> String {
        render::commented_yaml(&self.printed, &|node| comment::of(node, self.origins, self.sources))
    }

    /// A JSON object from paths (JSON pointers, RFC 6901) to what is known of the values there; `schema/provenance.json`
    /// describes it.
    pub fn json(&self) -> String {
        report::json(&self.printed, self.origins, self.sources)
    }
}

/// Gives every printed node the span of what was written at its path.
fn place(printed: &mut Node, written: Option<&Node>, path: &mut Vec<String>, origins: &Origins) {
    printed.span = origins.resolved(path).or(written.map(|node| node.span)).unwrap_or_default();
    let mut descend = |step: String, node: &mut Node| {
        let written = written.and_then(|written| written.child(&step));
        path.push(step);
        place(node, written, path, origins);
        path.pop();
    };
    match &mut printed.value {
        Value::Mapping(entries) => {
            for (key, entry) in entries {
                descend(key.clone(), &mut entry.node);
            }
        }
        Value::Sequence(items) => {
            for (position, item) in items.iter_mut().enumerate() {
                descend(position.to_string(), item);
            }
        }
        _ => {}
    }
}

/// Whether a node holds no other nodes.
fn is_leaf(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(entries) => entries.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        _ => true,
    }
}
