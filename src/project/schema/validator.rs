//! Walks a tree and a schema together.

use std::collections::HashMap;

use super::definition::{Schema, Type};
use super::{hints, shapes};
use crate::project::diagnostic::Diagnostic;
use crate::project::limits::MAX_DIAGNOSTICS;
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::source::Span;

pub struct Validator<'a> {
    root: &'a Schema,
    path: Vec<String>,
    errors: Vec<Diagnostic>,
}

impl<'a> Validator<'a> {
    pub fn new(root: &'a Schema) -> Self {
        Self { root, path: Vec::new(), errors: Vec::new() }
    }

    pub fn validate(mut self, node: &Node) -> Vec<Diagnostic> {
        hints::misplaced_sections(node, &mut self.errors);
        if self.errors.is_empty() {
            self.node(node, node.span, self.root);
        }
        self.errors
    }

    fn resolve(&self, schema: &'a Schema) -> &'a Schema {
        let target = schema.reference.as_deref().and_then(|reference| reference.rsplit('/').next());
        target.and_then(|name| self.root.definitions.get(name)).unwrap_or(schema)
    }

    fn error(&mut self, code: &'static str, span: Span, message: &str, help: Option<String>) {
        let message = format!("{} {message}", self.path.join("."));
        let diagnostic = Diagnostic::error(code, span, message.trim_start());
        self.errors.push(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    /// `name` is where the node's key was written, or the node itself where it has none.
    fn node(&mut self, node: &Node, name: Span, schema: &'a Schema) {
        if self.errors.len() >= MAX_DIAGNOSTICS {
            return;
        }
        let schema = self.resolve(schema);
        if !schema.one_of.is_empty() {
            return self.one_of(node, name, &schema.one_of);
        }
        if !schema.types.0.is_empty() && !schema.types.0.iter().any(|wanted| wanted.fits(&node.value)) {
            return self.wrong_type(node, name, &schema.types.0);
        }
        match &node.value {
            Value::Mapping(entries) => self.mapping(entries, name, schema),
            Value::Sequence(items) => self.items(node, items, schema),
            Value::String(text) => self.text(node, text, schema),
            Value::Int(number) => self.range(node, *number, schema),
            _ => {}
        }
    }

    /// A value that is not there is named by its key.
    fn wrong_type(&mut self, node: &Node, name: Span, wanted: &[Type]) {
        let span = if node.is_null() { name } else { node.span };
        let help = shapes::help(node, &self.path, wanted);
        self.error("type", span, &shapes::must_be(wanted), help);
    }

    /// Exactly one branch must fit. When none does, the branch of the value's type says why.
    fn one_of(&mut self, node: &Node, name: Span, branches: &'a [Schema]) {
        let resolved: Vec<&Schema> = self.flatten(branches);
        let right_type: Vec<&Schema> = resolved
            .iter()
            .copied()
            .filter(|schema| schema.types.0.iter().any(|kind| kind.fits(&node.value)))
            .collect();
        if right_type.is_empty() {
            let types: Vec<Type> =
                resolved.iter().flat_map(|schema| schema.types.0.iter().copied()).collect();
            return self.wrong_type(node, name, &types);
        }
        let before = self.errors.len();
        let mut fewest: Option<Vec<Diagnostic>> = None;
        for schema in right_type {
            self.node(node, name, schema);
            let errors = self.errors.split_off(before);
            if fewest.as_ref().is_none_or(|known| errors.len() < known.len()) {
                fewest = Some(errors);
            }
        }
        self.errors.extend(fewest.unwrap_or_default());
    }

    /// The branches with references and inner `oneOf`s taken apart.
    fn flatten(&self, branches: &'a [Schema]) -> Vec<&'a Schema> {
        let resolved = branches.iter().map(|schema| self.resolve(schema));
        resolved
            .flat_map(
                |schema| if schema.one_of.is_empty() { vec![schema] } else { self.flatten(&schema.one_of) },
            )
            .collect()
    }

    fn mapping(&mut self, entries: &Mapping, name: Span, schema: &'a Schema) {
        for (key, entry) in entries {
            match property(schema, key) {
                Some(child) => {
                    self.path.push(key.clone());
                    self.node(&entry.node, entry.key_span.or(entry.node.span), child);
                    self.path.pop();
                }
                None if schema.additional_properties.0 => {}
                None if self.errors.len() >= MAX_DIAGNOSTICS => return,
                None => self.unknown(key, entry, schema),
            }
        }
        for property in schema.required.iter().filter(|name| !entries.contains_key(name.as_str())) {
            let help = hints::missing(property, &self.path);
            self.error("missing-property", name, &format!("missing property '{property}'"), help);
        }
    }

    fn unknown(&mut self, key: &str, entry: &Entry, schema: &'a Schema) {
        let help = hints::unknown_key(key, entry, &self.path, schema, |child| self.resolve(child));
        let message = format!("additional properties '{key}' not allowed");
        self.error("unknown-key", entry.key_span, &message, help);
    }

    fn items(&mut self, node: &Node, items: &[Node], schema: &'a Schema) {
        if let Some(child) = &schema.items {
            for (index, item) in items.iter().enumerate() {
                self.path.push(index.to_string());
                self.node(item, item.span, child);
                self.path.pop();
            }
        }
        if schema.unique_items
            && let Some((first, second)) = repeated(items)
        {
            self.repeated(node, items, first, second);
        }
    }

    fn repeated(&mut self, node: &Node, items: &[Node], first: usize, second: usize) {
        let message = format!("items at {first} and {second} are equal");
        let help = Some("leave one of the two out".into());
        self.error("repeated-item", items[second].span.or(node.span), &message, help);
        if let Some(error) = self.errors.last_mut() {
            *error = error.clone().with_label(items[first].span, "the same item");
        }
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Schema) {
        if !schema.allowed.is_empty() && !schema.allowed.iter().any(|allowed| allowed == text) {
            let allowed: Vec<String> = schema.allowed.iter().map(|allowed| format!("'{allowed}'")).collect();
            let help = hints::allowed(text, &schema.allowed);
            self.error(
                "invalid-value",
                node.span,
                &format!("value must be one of {}", allowed.join(", ")),
                help,
            );
        }
        if let Some(pattern) = schema.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
            let help = hints::pattern(text, &self.path);
            self.error(
                "invalid-value",
                node.span,
                &format!("'{text}' does not match pattern '{}'", pattern.source),
                help,
            );
        }
    }

    fn range(&mut self, node: &Node, number: i128, schema: &Schema) {
        if let Some(minimum) = schema.minimum.filter(|minimum| number < i128::from(*minimum)) {
            self.error("out-of-range", node.span, &format!("must be {minimum} or more, not {number}"), None);
        }
        if let Some(maximum) = schema.maximum.filter(|maximum| number > i128::from(*maximum)) {
            self.error("out-of-range", node.span, &format!("must be {maximum} or less, not {number}"), None);
        }
    }
}

fn property<'a>(schema: &'a Schema, key: &str) -> Option<&'a Schema> {
    let named = schema.properties.get(key);
    named.or_else(|| {
        schema.pattern_properties.iter().find(|(pattern, _)| pattern.matches(key)).map(|(_, child)| child)
    })
}

/// The first two items that are equal; a number equals its text, as both name the same thing.
fn repeated(items: &[Node]) -> Option<(usize, usize)> {
    let same = |item: &Node| item.value.scalar_text().unwrap_or_else(|| item.identity());
    let mut seen = HashMap::with_capacity(items.len());
    items
        .iter()
        .enumerate()
        .find_map(|(second, item)| seen.insert(same(item), second).map(|first| (first, second)))
}
