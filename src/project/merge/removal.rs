//! `!reset` and `!override`: what an earlier document says at a path is forgotten.

use crate::project::node::Node;
use crate::project::origin::Origins;

/// Removes the node at a path from `root`, if it is there. Items of lists stay: only map entries can be named. What
/// `later` has at the path takes its place.
pub fn remove(root: &mut Node, path: &[String], later: &mut Node, origins: &mut Origins) {
    let Some((last, parents)) = path.split_last() else { return };
    let Some(entries) = at(root, parents).and_then(Node::as_mapping_mut) else { return };
    let Some(removed) = entries.shift_remove(last) else { return };
    if origins.is_recording()
        && let Some(node) = at(later, path)
    {
        origins.replace(&removed.node, node);
    }
}

fn at<'n>(root: &'n mut Node, path: &[String]) -> Option<&'n mut Node> {
    path.iter().try_fold(root, |node, step| node.get_mut(step))
}
