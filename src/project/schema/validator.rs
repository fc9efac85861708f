//! Walks a tree and a schema together.

use super::definition::{Schema, Type};
use super::hints;
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Entry, Mapping, Node, Value};

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
            self.node(node, self.root);
        }
        self.errors
    }

    fn resolve(&self, schema: &'a Schema) -> &'a Schema {
        let target = schema.reference.as_deref().and_then(|reference| reference.rsplit('/').next());
        target.and_then(|name| self.root.definitions.get(name)).unwrap_or(schema)
    }

    fn error(&mut self, node: &Node, message: &str) {
        let message = format!("{} {message}", self.path.join("."));
        self.errors.push(Diagnostic::error("schema", node.span, message.trim_start()));
    }

    fn node(&mut self, node: &Node, schema: &'a Schema) {
        let schema = self.resolve(schema);
        if !schema.one_of.is_empty() {
            return self.one_of(node, &schema.one_of);
        }
        if !schema.types.0.is_empty() && !schema.types.0.iter().any(|wanted| wanted.fits(&node.value)) {
            self.error(node, &must_be(&schema.types.0));
            if node.is_null() && self.path.len() == 2 && self.path[0] == "services" {
                self.help(Some(
                    "a service needs at least `image:` or `build:`, indented below its name".into(),
                ));
            }
            return;
        }
        match &node.value {
            Value::Mapping(entries) => self.mapping(node, entries, schema),
            Value::Sequence(items) => self.items(node, items, schema),
            Value::String(text) => self.text(node, text, schema),
            Value::Int(number) => self.range(node, *number, schema),
            _ => {}
        }
    }

    /// Exactly one branch must fit. When none does, the branch of the value's type says why.
    fn one_of(&mut self, node: &Node, branches: &'a [Schema]) {
        let resolved: Vec<&Schema> = self.flatten(branches);
        let right_type: Vec<&Schema> = resolved
            .iter()
            .copied()
            .filter(|schema| schema.types.0.iter().any(|kind| kind.fits(&node.value)))
            .collect();
        if right_type.is_empty() {
            let types: Vec<Type> =
                resolved.iter().flat_map(|schema| schema.types.0.iter().copied()).collect();
            return self.error(node, &must_be(&types));
        }
        let before = self.errors.len();
        let mut fewest: Option<Vec<Diagnostic>> = None;
        for schema in right_type {
            self.node(node, schema);
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

    fn mapping(&mut self, node: &Node, entries: &Mapping, schema: &'a Schema) {
        for (key, entry) in entries {
            match property(schema, key) {
                Some(child) => {
                    self.path.push(key.clone());
                    self.node(&entry.node, child);
                    self.path.pop();
                }
                None if schema.additional_properties.0 => {}
                None => self.unknown(key, entry, schema),
            }
        }
        for name in schema.required.iter().filter(|name| !entries.contains_key(name.as_str())) {
            self.error(node, &format!("missing property '{name}'"));
        }
    }

    fn unknown(&mut self, key: &str, entry: &Entry, schema: &'a Schema) {
        let message = format!("{} additional properties '{key}' not allowed", self.path.join("."));
        let diagnostic = Diagnostic::error("unknown-key", entry.key_span, message.trim_start());
        let help = hints::unknown_key(key, entry, &self.path, schema, |child| self.resolve(child));
        self.errors.push(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    fn items(&mut self, node: &Node, items: &[Node], schema: &'a Schema) {
        if let Some(child) = &schema.items {
            for (index, item) in items.iter().enumerate() {
                self.path.push(index.to_string());
                self.node(item, child);
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
        self.error(node, &format!("items at {first} and {second} are equal"));
        if let Some(error) = self.errors.last_mut() {
            error.span = items[second].span.or(node.span);
            *error = error.clone().with_label(items[first].span, "the same item");
        }
    }

    fn text(&mut self, node: &Node, text: &str, schema: &Schema) {
        if !schema.allowed.is_empty() && !schema.allowed.iter().any(|allowed| allowed == text) {
            let allowed: Vec<String> = schema.allowed.iter().map(|allowed| format!("'{allowed}'")).collect();
            self.error(node, &format!("value must be one of {}", allowed.join(", ")));
            let nearest = hints::nearest(text, schema.allowed.iter().map(String::as_str));
            self.help(nearest.map(|nearest| format!("did you mean `{nearest}`?")));
        }
        if let Some(pattern) = schema.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
            self.error(node, &format!("'{text}' does not match pattern '{}'", pattern.source));
        }
    }

    fn help(&mut self, help: Option<String>) {
        if let Some(error) = self.errors.last_mut() {
            error.help = help;
        }
    }

    fn range(&mut self, node: &Node, number: i128, schema: &Schema) {
        if let Some(minimum) = schema.minimum.filter(|minimum| number < i128::from(*minimum)) {
            self.error(node, &format!("must be {minimum} or more, not {number}"));
        }
        if let Some(maximum) = schema.maximum.filter(|maximum| number > i128::from(*maximum)) {
            self.error(node, &format!("must be {maximum} or less, not {number}"));
        }
    }
}

fn property<'a>(schema: &'a Schema, key: &str) -> Option<&'a Schema> {
    let named = schema.properties.get(key);
    named.or_else(|| {
        schema.pattern_properties.iter().find(|(pattern, _)| pattern.matches(key)).map(|(_, child)| child)
    })
}

fn repeated(items: &[Node]) -> Option<(usize, usize)> {
    (1..items.len()).find_map(|second| {
        (0..second).find(|first| items[*first] == items[second]).map(|first| (first, second))
    })
}

/// `must be a boolean, null or string`
fn must_be(types: &[Type]) -> String {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    let names: Vec<String> = types.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "has the wrong type".into(),
        [one] => format!("must be a {one}"),
        [first @ .., last] => format!("must be a {} or {last}", first.join(", ")),
    }
}
