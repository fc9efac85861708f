//! Go templates as far as scripts use them in `--format`: fields, functions, pipes, `if`, `range` and `with`.
//!
//! Owns the language. Knows nothing of what is listed: data are JSON values.

mod eval;
mod functions;
mod parse;
mod scan;
#[cfg(test)]
mod tests;

use serde_json::Value;

/// A template that was understood.
#[derive(Clone, Debug)]
pub struct Template {
    nodes: Vec<parse::Node>,
}

/// A template that is not understood, or that asks for what is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl TemplateError {
    fn new(text: impl Into<String>) -> TemplateError {
        TemplateError(format!("template parsing error: {}", text.into()))
    }

    /// The value of a `--format` that is none.
    pub fn unknown_format(format: &str) -> TemplateError {
        TemplateError(format!(
            "format {format:?} is not known: use table, json or a Go template like {{{{.Name}}}}"
        ))
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// An action that is not closed, or of no known form.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        Ok(Template { nodes: parse::nodes(scan::pieces(text)?)? })
    }

    /// The template with `data` as its dot.
    ///
    /// # Errors
    /// A field that `data` does not have, or a function applied to what it does not take.
    pub fn render(&self, data: &Value) -> Result<String, TemplateError> {
        eval::render(&self.nodes, data)
    }

    /// Fields of the dot that the template names, in order of appearance.
    pub fn fields(&self) -> Vec<&str> {
        self.nodes.iter().flat_map(parse::Node::fields).collect()
    }
}
