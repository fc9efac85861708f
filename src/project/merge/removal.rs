//! `!reset` and `!override`: what an earlier document says at a path is forgotten.

use crate::project::node::{Node, Value};

/// Removes the node at a path, if it is there. Items of lists stay: only map entries can be named.
pub fn remove(root: &mut Node, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut node = root;
    for step in parents {
        let child = match &mut node.value {
            Value::Mapping(entries) => entries.get_mut(step).map(|entry| &mut entry.node),
            _ => None,
        };
        let Some(child) = child else { return };
        node = child;
    }
    if let Some(entries) = node.as_mapping_mut() {
        entries.shift_remove(last);
    }
}
