//! How much one loading may take, and the count of what it has taken.
//!
//! Files, aliases, `include`, `extends` and variables each multiply what was written. Every bound is far above what people
//! write and low enough that a hostile project ends with an error in seconds, within about a gigabyte.

use super::diagnostic::Diagnostic;
use super::node::{Node, Value};
use super::source::Span;

/// Largest compose, env or label file, in bytes. Real ones stay below one megabyte.
pub const MAX_FILE: u64 = 64 << 20;

/// Most values one file may hold, aliases expanded; a text counts once more for every [`TEXT_UNIT`] bytes.
pub const MAX_VALUES: usize = 1_000_000;

/// Most values that all documents, and all copies that `include` and `extends` make of them, may hold together.
pub const MAX_PROJECT_VALUES: usize = 2_000_000;

/// Bytes of text that weigh as much as one value (which takes about 200 bytes of memory).
const TEXT_UNIT: usize = 256;

/// Deepest nesting of lists and maps. Every pass over a tree calls itself once for each level, so this bounds the stack.
pub const MAX_DEPTH: usize = 200;

/// Deepest nesting of `${A:-${B:-…}}`. Each level is scanned for its end again.
pub const MAX_TEMPLATE_DEPTH: usize = 50;

/// Most text that a value, a document or an env file may become when variables are put in, in bytes.
pub const MAX_TEXT: usize = 64 << 20;

/// Longest chain of files that include each other. Each takes some stack.
pub const MAX_INCLUDES: usize = 100;

/// Most published ports of one project: every TCP and UDP port once.
pub const MAX_PORTS: usize = 2 * 65_536;

/// Most replicas of a service: as many as a process table usually has room for.
pub const MAX_REPLICAS: usize = 32_768;

/// Most warnings kept, and most errors the schema reports: nobody reads more.
pub const MAX_DIAGNOSTICS: usize = 1_000;

/// Most further places that one diagnostic points to: a circle may have thousands of steps.
pub const MAX_LABELS: usize = 20;

/// Most services of one project. Each takes some ten kilobytes once it is typed.
pub const MAX_SERVICES: usize = 20_000;

/// Most times that one project includes a file, repetitions counted: files that include each other twice double with each
/// level.
pub const MAX_INCLUDED: usize = 2_000;

/// What a text of this many bytes weighs beside its value.
pub fn text_weight(bytes: usize) -> usize {
    bytes / TEXT_UNIT
}

/// What a tree weighs: its values, and its text.
pub fn weight(node: &Node) -> usize {
    match &node.value {
        Value::Mapping(entries) => 1 + entries.values().map(|entry| weight(&entry.node)).sum::<usize>(),
        Value::Sequence(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::String(text) => 1 + text_weight(text.len()),
        _ => 1,
    }
}

/// What one loading has taken of [`MAX_PROJECT_VALUES`].
#[derive(Debug, Default)]
pub struct Budget {
    spent: usize,
    included: usize,
}

impl Budget {
    /// Counts an included file, at the place that names it.
    ///
    /// # Errors
    /// There are too many; said once, an empty list afterwards.
    pub fn include(&mut self, place: Span) -> Result<(), Vec<Diagnostic>> {
        self.included += 1;
        if self.included <= MAX_INCLUDED {
            return Ok(());
        }
        let message = format!("the project includes more than {MAX_INCLUDED} files, counting repetitions");
        let diagnostic = Diagnostic::error("project-limit", place, message);
        Err(if self.included == MAX_INCLUDED + 1 { vec![diagnostic] } else { Vec::new() })
    }

    /// Whether the project has become too large, which was said: nothing more is to be copied.
    pub fn is_spent(&self) -> bool {
        self.spent > MAX_PROJECT_VALUES
    }

    /// Counts a tree that is about to be copied or was just made, at a place to name when it is one too many.
    ///
    /// # Errors
    /// The project has become too large; said once, an empty list afterwards.
    pub fn spend(&mut self, tree: &Node, place: Span) -> Result<(), Vec<Diagnostic>> {
        if self.is_spent() {
            return Err(Vec::new());
        }
        self.spent = self.spent.saturating_add(weight(tree));
        if self.spent <= MAX_PROJECT_VALUES {
            return Ok(());
        }
        let message = format!(
            "the project holds more than {MAX_PROJECT_VALUES} values, counting each copy that include and extends make"
        );
        let help = "look for files that include each other several times, or a large service that many others extend";
        Err(vec![Diagnostic::error("project-limit", place, message).with_help(help)])
    }
}

/// Keeps warnings up to [`MAX_DIAGNOSTICS`]; the last one kept says that there are more, which are not even made.
pub fn keep_warnings(kept: &mut Vec<Diagnostic>, more: impl IntoIterator<Item = Diagnostic>) {
    for warning in more {
        if kept.len() > MAX_DIAGNOSTICS {
            return;
        }
        if kept.len() == MAX_DIAGNOSTICS {
            let message = format!("more than {MAX_DIAGNOSTICS} warnings; the others are left out");
            return kept.push(Diagnostic::warning("more-warnings", warning.span, message));
        }
        kept.push(warning);
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DIAGNOSTICS, keep_warnings, weight};
    use crate::project::diagnostic::Diagnostic;
    use crate::project::node::Node;
    use crate::project::source::Span;

    #[test]
    fn warnings_beyond_the_bound_are_counted_out_once() {
        let mut made = 0;
        let mut kept = Vec::new();
        let warnings = std::iter::repeat_with(|| {
            made += 1;
            Diagnostic::warning("x", Span::default(), "y")
        });
        keep_warnings(&mut kept, warnings.take(5 * MAX_DIAGNOSTICS));
        assert_eq!((kept.len(), made), (MAX_DIAGNOSTICS + 1, MAX_DIAGNOSTICS + 1));
        assert!(kept[MAX_DIAGNOSTICS].message.contains("left out"));
    }

    #[test]
    fn long_texts_weigh_more() {
        let list =
            Node::sequence(vec![Node::from("a"), Node::from("b".repeat(1024).as_str())], Span::default());
        assert_eq!(weight(&list), 1 + 1 + 5);
    }
}
