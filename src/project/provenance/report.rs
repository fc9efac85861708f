//! Provenance as JSON.

use serde::Serialize;

use super::is_leaf;
use crate::project::node::{Node, Value};
use crate::project::origin::{Origins, VariableSource, VariableUse};
use crate::project::source::{SourceMap, Span};

/// What is known of one value.
#[derive(Serialize)]
struct Entry<'a> {
    value: &'a Node,
    #[serde(flatten)]
    place: Place,
    /// Whether no file says it.
    default: bool,
    /// What it replaced, the nearest first.
    overrode: Vec<Replaced<'a>>,
    /// The text with variables that it was written as.
    template: Option<&'a str>,
    variables: Vec<Variable<'a>>,
}

/// All null where no file says it.
#[derive(Default, Serialize)]
struct Place {
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct Replaced<'a> {
    value: &'a Node,
    #[serde(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    value: Option<&'a str>,
    source: &'static str,
    file: Option<String>,
    line: Option<u32>,
    default: Option<&'a str>,
}

/// The whole report.
pub fn json(root: &Node, origins: &Origins, sources: &SourceMap) -> String {
    let mut entries = serde_json::Map::new();
    collect(root, String::new(), &mut |pointer, node| {
        // Trees and texts always serialize.
        entries.insert(pointer, serde_json::to_value(entry(node, origins, sources)).unwrap_or_default());
    });
    serde_json::to_string_pretty(&entries).unwrap_or_default() + "\n"
}

fn collect<'n>(node: &'n Node, pointer: String, found: &mut dyn FnMut(String, &'n Node)) {
    match &node.value {
        _ if is_leaf(node) => found(pointer, node),
        Value::Mapping(entries) => {
            for (key, entry) in entries {
                let step = key.replace('~', "~0").replace('/', "~1");
                collect(&entry.node, format!("{pointer}/{step}"), found);
            }
        }
        Value::Sequence(items) => {
            for (position, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{position}"), found);
            }
        }
        _ => {}
    }
}

fn entry<'a>(node: &'a Node, origins: &'a Origins, sources: &SourceMap) -> Entry<'a> {
    let origin = origins.get(node.span);
    let interpolation = origin.and_then(|origin| origin.interpolation.as_deref());
    let filled_in = origin.is_some_and(|origin| origin.filled_in);
    let replaced = |node: &'a Node| Replaced { value: node, place: place(node.span, sources) };
    let variables = interpolation.map(|interpolation| interpolation.variables.as_slice()).unwrap_or_default();
    Entry {
        value: node,
        place: if filled_in { Place::default() } else { place(node.span, sources) },
        default: filled_in || (!node.span.is_known() && interpolation.is_none()),
        overrode: origins.overrode(node.span).map(replaced).collect(),
        template: interpolation.map(|interpolation| interpolation.template.as_str()),
        variables: variables.iter().map(|variable| described(variable, sources)).collect(),
    }
}

fn place(span: Span, sources: &SourceMap) -> Place {
    match sources.get(span.file) {
        None => Place::default(),
        Some(file) => Place {
            file: Some(file.path.display().to_string()),
            line: Some(span.line),
            column: Some(span.column),
        },
    }
}

fn described<'a>(variable: &'a VariableUse, sources: &SourceMap) -> Variable<'a> {
    let (source, span) = match variable.source {
        None => ("unset", None),
        Some(VariableSource::Process) => ("environment", None),
        Some(VariableSource::ProjectName) => ("project-name", None),
        Some(VariableSource::File(span)) => ("file", Some(span)),
    };
    let place = span.map(|span| place(span, sources)).unwrap_or_default();
    Variable {
        name: &variable.name,
        value: variable.value.as_deref(),
        source,
        file: place.file,
        line: place.line,
        default: variable.default.as_deref(),
    }
}
