//! Where a pass stands in the tree, and patterns over such places.

use std::fmt;

use super::node::{Node, Value};

/// A path from the root, kept on the stack: each step points to the one above. List items are the step `[]`.
#[derive(Clone, Copy)]
pub struct Trail<'a> {
    parent: Option<&'a Trail<'a>>,
    step: &'a str,
}

/// The step of a list item.
pub const ITEM: &str = "[]";

impl<'a> Trail<'a> {
    /// The root.
    pub const fn root() -> Self {
        Self { parent: None, step: "" }
    }

    /// One step further.
    pub const fn child(&'a self, step: &'a str) -> Trail<'a> {
        Trail { parent: Some(self), step }
    }

    /// The step that leads here from above; empty for the root.
    pub fn last(&self) -> &'a str {
        self.step
    }

    /// Whether this place fits a pattern such as `services.*.ports.[].target`; `*` is any one step.
    pub fn matches(&self, pattern: &str) -> bool {
        let mut here = self;
        for wanted in pattern.rsplit('.') {
            let Some(parent) = here.parent else { return false };
            if wanted != "*" && wanted != here.step {
                return false;
            }
            here = parent;
        }
        here.parent.is_none()
    }

    /// The steps from the root.
    pub fn steps(&self) -> Vec<&'a str> {
        let mut steps = Vec::new();
        let mut here = *self;
        while let Some(parent) = here.parent {
            steps.push(here.step);
            here = *parent;
        }
        steps.reverse();
        steps
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.steps().join("."))
    }
}

/// Calls `act` with every node that fits the pattern (see [`Trail::matches`]), in the order of the file.
pub fn visit(root: &mut Node, pattern: &str, act: &mut dyn FnMut(&mut Node, &Trail<'_>)) {
    let steps: Vec<&str> = pattern.split('.').collect();
    descend(root, &steps, &Trail::root(), act);
}

fn descend(node: &mut Node, steps: &[&str], trail: &Trail<'_>, act: &mut dyn FnMut(&mut Node, &Trail<'_>)) {
    let Some((step, rest)) = steps.split_first() else { return act(node, trail) };
    match &mut node.value {
        Value::Mapping(entries) if *step == "*" => {
            for (key, entry) in entries {
                descend(&mut entry.node, rest, &trail.child(key), act);
            }
        }
        Value::Mapping(entries) => {
            if let Some(entry) = entries.get_mut(*step) {
                descend(&mut entry.node, rest, &trail.child(step), act);
            }
        }
        Value::Sequence(items) if *step == ITEM => {
            items.iter_mut().for_each(|item| descend(item, rest, &trail.child(ITEM), act));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{ITEM, Trail};

    #[test]
    fn patterns_match_whole_paths() {
        let root = Trail::root();
        let services = root.child("services");
        let web = services.child("web.1");
        let ports = web.child("ports");
        let item = ports.child(ITEM);
        assert!(item.matches("services.*.ports.[]"));
        assert!(!item.matches("services.*.ports"));
        assert!(!ports.matches("*.ports"));
        assert!(!root.matches("services"));
        assert_eq!(item.to_string(), "services.web.1.ports.[]");
    }
}
