//! The errors of one loading, while it goes on.
//!
//! Loading does not stop at the first error: what an error speaks about is cut out of the tree, and the rest is judged
//! further. Owns that cutting, and the rules that keep the list readable: each mistake once, nothing that only follows
//! from another, in the order of the files.

use std::collections::{BTreeSet, HashSet};

use super::diagnostic::{Diagnostic, in_order};
use super::node::{Entry, Mapping, Node, Value};
use super::schema::SECTIONS;
use super::source::{FileId, Span};

/// File, first byte and end of a span.
type Place = (FileId, u32, u32);

/// What was found wrong so far.
#[derive(Debug, Default)]
pub struct Errors {
    list: Vec<Diagnostic>,
    /// A part of the project is not known at all (a file that is no YAML, a section that was misspelt), so nothing can be
    /// said about what is missing.
    incomplete: bool,
    /// Entries of sections, as (section, name), from which something was cut.
    damaged: BTreeSet<(String, String)>,
}

impl Errors {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are, for [`Errors::since`].
    pub fn mark(&self) -> usize {
        self.list.len()
    }

    /// The errors added since a mark.
    pub fn since(&mut self, mark: usize) -> &mut [Diagnostic] {
        &mut self.list[mark..]
    }

    /// Adds errors that leave the tree as it is.
    pub fn add(&mut self, errors: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(errors);
    }

    /// Adds errors after which a part of the project is unknown.
    pub fn add_incomplete(&mut self, errors: Vec<Diagnostic>) {
        self.incomplete = true;
        self.list.extend(errors);
    }

    /// Adds errors and cuts what they speak about out of the tree. Tells whether there was something to cut.
    pub fn cut(&mut self, tree: &mut Node, errors: Vec<Diagnostic>) -> bool {
        // A section in the wrong place takes its content with it.
        self.incomplete |= errors.iter().any(|error| error.code == "nesting");
        let known = errors.iter().map(|error| error.span).filter(Span::is_known);
        let spans: BTreeSet<Place> = known.map(|span| span.place()).collect();
        self.list.extend(errors);
        !spans.is_empty() && self.cut_spans(tree, &spans)
    }

    fn cut_spans(&mut self, tree: &mut Node, spans: &BTreeSet<Place>) -> bool {
        let Some(sections) = tree.as_mapping_mut() else { return false };
        let before = sections.len();
        sections.retain(|_, entry| !is_bad(entry, spans));
        let mut found = sections.len() < before;
        self.incomplete |= found;
        for (section, entry) in sections {
            match entry.node.as_mapping_mut() {
                Some(entries) if SECTIONS.contains(&section.as_str()) => {
                    found |= self.cut_entries(section, entries, spans);
                }
                _ => found |= cut_inside(&mut entry.node, spans),
            }
        }
        found
    }

    /// A bad entry of a section stays as a name, so that references to it are no further errors.
    fn cut_entries(&mut self, section: &str, entries: &mut Mapping, spans: &BTreeSet<Place>) -> bool {
        let mut found = false;
        for (name, entry) in entries {
            let bad = is_bad(entry, spans);
            if bad {
                entry.node.value = Value::Mapping(Mapping::new());
            }
            if bad || cut_inside(&mut entry.node, spans) {
                found = true;
                self.damage(section, name);
            }
        }
        found
    }

    /// Notes that something is missing from an entry of a section.
    pub fn damage(&mut self, section: &str, name: &str) {
        self.damaged.insert((section.to_owned(), name.to_owned()));
    }

    /// Whether something was cut from an entry of a section.
    pub fn is_damaged(&self, section: &str, name: &str) -> bool {
        self.damaged.contains(&(section.to_owned(), name.to_owned()))
    }

    /// Whether an error of this code points at a place, first or with a label.
    pub fn is_part_of(&self, code: &str, span: Span) -> bool {
        let here = |other: &Span| other.place() == span.place();
        let points =
            |error: &Diagnostic| here(&error.span) || error.labels.iter().any(|label| here(&label.span));
        self.list.iter().any(|error| error.code == code && points(error))
    }

    /// Whether a part of the project is unknown.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// The errors, each once, in the order of the files.
    pub fn into_list(self) -> Vec<Diagnostic> {
        let mut seen = HashSet::new();
        let places: BTreeSet<Place> = self.list.iter().map(|error| error.span.place()).collect();
        let mut list = self.list;
        list.retain(|error| seen.insert(identity(error)) && !is_consequence(error, &places));
        in_order(&mut list);
        list
    }
}

/// Codes that say of a whole map or item what it lacks.
const OF_THE_WHOLE: [&str; 5] = ["missing", "missing-property", "port", "undefined", "watch"];

/// What a map lacks is no mistake of its own where something inside it was wrong and is cut out.
fn is_consequence(error: &Diagnostic, places: &BTreeSet<Place>) -> bool {
    let (file, start, end) = error.span.place();
    OF_THE_WHOLE.contains(&error.code)
        && start < end
        && places.range((file, start + 1, 0)..(file, end, 0)).any(|place| place.2 <= end)
}

/// A text that several services share through an anchor is wrong once, though each service's check finds it. One map may
/// lack several things, so there the message counts.
fn identity(error: &Diagnostic) -> (&'static str, Place, Option<String>) {
    let by_place =
        error.span.is_known() && !matches!(error.code, "missing-property" | "undefined" | "conflict");
    (error.code, error.span.place(), (!by_place).then(|| error.message.clone()))
}

fn is_bad(entry: &Entry, spans: &BTreeSet<Place>) -> bool {
    spans.contains(&entry.key_span.place()) || is_bad_node(&entry.node, spans)
}

/// A scalar is bad when an error speaks about any part of it.
fn is_bad_node(node: &Node, spans: &BTreeSet<Place>) -> bool {
    let scalar = !matches!(node.value, Value::Mapping(_) | Value::Sequence(_));
    spans.contains(&node.span.place()) || (scalar && within(node.span, spans))
}

/// Whether a place lies within the span; those that begin there are few.
fn within(span: Span, places: &BTreeSet<Place>) -> bool {
    let (file, start, end) = span.place();
    span.is_known() && places.range((file, start, 0)..=(file, end, end)).any(|place| place.2 <= end)
}

fn cut_inside(node: &mut Node, spans: &BTreeSet<Place>) -> bool {
    let mut found = false;
    match &mut node.value {
        Value::Mapping(entries) => {
            let before = entries.len();
            entries.retain(|_, entry| !is_bad(entry, spans));
            found |= entries.len() < before;
            entries.values_mut().for_each(|entry| found |= cut_inside(&mut entry.node, spans));
        }
        Value::Sequence(items) => {
            let before = items.len();
            items.retain(|item| !is_bad_node(item, spans));
            found |= items.len() < before;
            items.iter_mut().for_each(|item| found |= cut_inside(item, spans));
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Errors;
    use crate::project::diagnostic::Diagnostic;
    use crate::project::origin::Origins;
    use crate::project::source::FileId;
    use crate::project::{node::Node, yaml};

    fn tree(text: &str) -> Node {
        yaml::parse(FileId::test(), text, &mut Origins::default()).expect("valid YAML").remove(0).root
    }

    #[test]
    fn what_is_wrong_is_cut_out_and_the_rest_stays() {
        let mut tree = tree("services: {a: {image: [x], tty: true}, b: 3}\nvolumes: {v: {driver: x}}");
        let at = |path: &[&str]| path.iter().fold(&tree, |node, step| node.child(step).expect("there")).span;
        let spans = [at(&["services", "a", "image"]), at(&["services", "b"])];
        let mut errors = Errors::default();
        let list = spans.into_iter().map(|span| Diagnostic::error("type", span, "wrong")).collect();
        assert!(errors.cut(&mut tree, list));
        let service = tree.get("services").and_then(|services| services.get("a")).expect("the service");
        assert!(service.get("image").is_none() && service.get("tty").is_some());
        assert!(tree.get("services").and_then(|services| services.get("b")).is_some(), "the name stays");
        assert!(errors.is_damaged("services", "a") && errors.is_damaged("services", "b"));
        assert!(!errors.is_damaged("volumes", "v") && !errors.is_incomplete());
    }

    #[test]
    fn a_section_that_is_gone_leaves_the_project_incomplete() {
        let mut tree = tree("servces: {a: {image: x}}");
        let span = tree.as_mapping().expect("a map")["servces"].key_span;
        let mut errors = Errors::default();
        errors.cut(&mut tree, vec![Diagnostic::error("unknown-key", span, "no such section")]);
        assert!(errors.is_incomplete());
    }

    #[test]
    fn each_mistake_is_listed_once_in_the_order_of_the_file() {
        let tree = tree("a: 1\nb: 2");
        let span = |key: &str| tree.as_mapping().expect("a map")[key].key_span;
        let mut errors = Errors::default();
        let error = |key, message: &str| Diagnostic::error("type", span(key), message);
        errors.add([error("b", "services.x"), error("a", "services.x"), error("b", "services.y")]);
        let messages: Vec<u32> = errors.into_list().iter().map(|error| error.span.line).collect();
        assert_eq!(messages, [1, 2]);
    }
}
