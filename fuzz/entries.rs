//! What is fuzzed and what must hold: one function per kind of input, each of which panics when a property is broken.
//!
//! Shared by `tests/fuzz.rs` (stable, in CI) and the cargo-fuzz targets beside this file. Knows nothing about where
//! inputs come from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wharf::output::diagnostics::{self, Look};
use wharf::project::interpolate::template::{self, Variables};
use wharf::project::node::{Mapping, Node, Value};
use wharf::project::origin::Origins;
use wharf::project::spelling::{bytes, duration, mount, port, words};
use wharf::project::{Diagnostic, LoadOptions, Project, SourceMap, Span, dotenv, load, render, yaml};

/// A function that panics when a property is broken, by the name of its folder under `corpus`.
type Entry = (&'static str, fn(&str));

/// Every entry.
pub const ENTRIES: [Entry; 5] = [
    ("yaml", yaml_text),
    ("interpolation", interpolation),
    ("dotenv", dotenv_text),
    ("loader", loader),
    ("short_forms", short_forms),
];

/// YAML: spans lie within the text, and what is printed reads as what was printed.
pub fn yaml_text(text: &str) {
    let Some(roots) = parsed(text) else { return };
    for root in roots {
        spans_lie_within(&root, text);
        let printed = render::tree_yaml(&root);
        let again = parsed(&printed).unwrap_or_else(|| panic!("the printed form is no YAML:\n{printed}"));
        let [again] = again.as_slice() else { panic!("the printed form is not one document:\n{printed}") };
        assert_eq!(render::tree_yaml(again), printed, "printed twice");
    }
}

fn parsed(text: &str) -> Option<Vec<Node>> {
    let mut sources = SourceMap::default();
    let file = sources.add("fuzz.yaml".as_ref(), text.to_owned());
    match yaml::parse(file, text, &mut Origins::new(false)) {
        Ok(documents) => Some(documents.into_iter().map(|document| document.root).collect()),
        Err(error) => {
            lies_within(error.span, text);
            shown(&[*error], &sources);
            None
        }
    }
}

fn spans_lie_within(node: &Node, text: &str) {
    lies_within(node.span, text);
    match &node.value {
        Value::Mapping(entries) => entries.values().for_each(|entry| {
            lies_within(entry.key_span, text);
            spans_lie_within(&entry.node, text);
        }),
        Value::Sequence(items) => items.iter().for_each(|item| spans_lie_within(item, text)),
        _ => {}
    }
}

fn lies_within(span: Span, text: &str) {
    let (start, end) = (span.start as usize, span.end as usize);
    assert!(start <= end && end <= text.len(), "{span:?} in a text of {} bytes", text.len());
    assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{span:?} cuts a character");
}

fn shown(errors: &[Diagnostic], sources: &SourceMap) {
    assert!(!diagnostics::render_all(errors, sources, Look::default()).is_empty());
}

struct Environment;

impl Variables for Environment {
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "A" => Some("value".into()),
            "D" => Some("$A ${B}".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn unset(&mut self, _: &str) {}
}

/// Templates: text without a dollar stays, and doubling every dollar escapes it.
pub fn interpolation(text: &str) {
    let result = template::substitute(text, &mut Environment);
    if !text.contains('$') {
        assert_eq!(result.as_deref(), Ok(text));
    }
    assert_eq!(template::substitute(&text.replace('$', "$$"), &mut Environment).as_deref(), Ok(text));
}

/// Env files: a value that is read, written in single quotes, reads as itself.
pub fn dotenv_text(text: &str) {
    let nothing = BTreeMap::new();
    let read = |text: &str| dotenv::parse(text, &|_| None, &nothing);
    let _ = dotenv::parse_raw(text, &|_| None);
    let Ok(parsed) = read(text) else { return };
    for (name, value) in parsed.variables {
        // A backslash has no escape of its own between single quotes; a name may come from outside the file's grammar.
        if value.contains('\\') || name.is_empty() || name == "export" {
            continue;
        }
        let line = format!("{name}='{}'\n", value.replace('\'', "\\'"));
        let again = read(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(again.variables.get(&name), Some(&value), "{line:?}");
    }
}

/// What separates the files of one input of [`loader`].
const NEXT_FILE: &str = "\n=== next file\n";

/// A project: a compose file, then `other.yaml` (to include or extend) and `.env`. What loads, prints a file that loads
/// and prints the same.
pub fn loader(text: &str) {
    let mut parts = text.split(NEXT_FILE);
    let compose = parts.next().unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in ["other.yaml", ".env"].iter().zip(parts) {
        std::fs::write(folder.path().join(name), content).expect("the file is written");
    }
    let directory = folder.path().to_path_buf();
    let Some(project) = attempt(compose, &directory) else { return };
    let printed = render::yaml(&project);
    let again = attempt(&printed, &directory);
    let again = again.unwrap_or_else(|| panic!("the printed form does not load:\n{printed}"));
    assert_eq!(render::yaml(&again), printed, "printed twice");
}

fn attempt(text: &str, directory: &std::path::Path) -> Option<Project> {
    let options = LoadOptions {
        files: vec![PathBuf::from("-")],
        stdin: Some(text.as_bytes().to_vec()),
        current_directory: directory.to_path_buf(),
        project_name: Some("fuzz".into()),
        ..LoadOptions::default()
    };
    match load(&options) {
        Ok(loaded) => Some(loaded.project),
        Err(failure) => {
            shown(&failure.diagnostics, &failure.sources);
            None
        }
    }
}

/// `ATTRIBUTE=TEXT`: the parsers of short forms alone, and the text as that attribute of a service, through [`loader`].
pub fn short_forms(text: &str) {
    let (attribute, text) = text.split_once('=').unwrap_or(("ports", text));
    let _ = (port::parse(text), mount::parse(text), words::split(text), bytes::parse(text));
    if let Ok(time) = duration::parse(text) {
        let printed = duration::format(time);
        assert_eq!(duration::parse(&printed), Ok(time), "{text:?} prints as {printed:?}");
    }
    loader(&with_attribute(attribute, text));
}

const LISTS: [&str; 6] = ["ports", "volumes", "devices", "extra_hosts", "tmpfs", "environment"];

/// A project whose only service has the text as this attribute.
fn with_attribute(attribute: &str, text: &str) -> String {
    // Variables are another entry's business.
    let text = Node::from(text.replace('$', "$$").as_str());
    let value = if LISTS.contains(&attribute) { Node::sequence(vec![text], Span::default()) } else { text };
    let map = |entries: [(&str, Node); 2]| {
        let mut node = Node::mapping(Mapping::new(), Span::default());
        entries.into_iter().for_each(|(key, value)| node.set(key, value));
        node
    };
    let service = map([("image", Node::from("x")), (attribute, value)]);
    let mut services = Node::mapping(Mapping::new(), Span::default());
    services.set("a", service);
    let mut data = Node::mapping(Mapping::new(), Span::default());
    data.set("data", Node::default());
    render::tree_yaml(&map([("services", services), ("volumes", data)]))
}
