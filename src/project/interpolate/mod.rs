//! Variables in values: every text of a tree has its `${…}` replaced, then takes the type its attribute needs.
//!
//! Works on one document before anything is merged, so each message names the file it is about. Keys are never touched.

mod casts;
pub mod template;
mod variables;

pub use casts::Cast;
pub use variables::{Variable, variables};

use super::attributes::cast_at;
use super::combine::Scope;
use super::diagnostic::Diagnostic;
use super::node::{Node, Value};
use super::origin::{Interpolation, Origins, VariableUse};
use super::path::{ITEM, Trail};
use super::source::Span;
use template::{Expression, Operator, TemplateError, Variables};

/// Replaces variables in a whole tree.
///
/// # Errors
/// Every malformed template, missing required variable and text that does not fit its attribute's type.
pub fn interpolate(
    root: &mut Node,
    scope: &Scope,
    warnings: &mut Vec<Diagnostic>,
    origins: &mut Origins,
) -> Result<(), Vec<Diagnostic>> {
    let mut pass = Pass { scope, warnings, origins, errors: Vec::new() };
    pass.node(root, &Trail::root());
    if pass.errors.is_empty() { Ok(()) } else { Err(pass.errors) }
}

struct Pass<'a> {
    scope: &'a Scope,
    warnings: &'a mut Vec<Diagnostic>,
    origins: &'a mut Origins,
    errors: Vec<Diagnostic>,
}

impl Pass<'_> {
    fn node(&mut self, node: &mut Node, trail: &Trail<'_>) {
        match &mut node.value {
            Value::Mapping(entries) => {
                for (key, entry) in entries {
                    self.node(&mut entry.node, &trail.child(key));
                }
            }
            Value::Sequence(items) => items.iter_mut().for_each(|item| self.node(item, &trail.child(ITEM))),
            Value::String(text) => {
                let text = std::mem::take(text);
                match self.text(text, &mut node.span, trail) {
                    Ok(value) => node.value = value,
                    Err(error) => self.errors.push(error),
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: String, at: &mut Span, trail: &Trail<'_>) -> Result<Value, Diagnostic> {
        let span = *at;
        let text = if text.contains('$') { self.substituted(&text, at, trail)? } else { text };
        let Some(cast) = cast_at(trail) else { return Ok(Value::String(text)) };
        let (value, instead) = casts::apply(cast, &text).map_err(|error| bad_cast(&error, span, trail))?;
        if let Some(word) = instead {
            let message = format!("{text:?} for boolean is not supported by YAML 1.2, please use `{word}`");
            self.warnings.push(Diagnostic::warning("yaml-1.1-boolean", span, message));
        }
        Ok(value)
    }

    fn substituted(&mut self, text: &str, at: &mut Span, trail: &Trail<'_>) -> Result<String, Diagnostic> {
        let span = *at;
        let recorded = self.origins.is_recording().then(Vec::new);
        let mut lookup = Lookup { scope: self.scope, unset: Vec::new(), recorded };
        let result =
            template::substitute(text, &mut lookup).map_err(|error| bad_template(error, span, trail));
        for name in lookup.unset {
            self.warnings.push(unset(&name, span));
        }
        if let Some(variables) = lookup.recorded {
            *at = self.origins.interpolated(span, Interpolation { template: text.to_owned(), variables });
        }
        result
    }
}

struct Lookup<'a> {
    scope: &'a Scope,
    unset: Vec<String>,
    recorded: Option<Vec<VariableUse>>,
}

impl Variables for Lookup<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.scope.environment.get(name).cloned()
    }

    fn unset(&mut self, name: &str) {
        self.unset.push(name.to_owned());
    }

    fn evaluated(&mut self, expression: &Expression<'_>, value: Option<&str>, taken: bool) {
        let Some(recorded) = &mut self.recorded else { return };
        let operator = expression.operator.map(|(operator, _)| operator);
        recorded.push(VariableUse {
            name: expression.name.to_owned(),
            value: value.filter(|_| operator != Some(Operator::Alternate)).map(str::to_owned),
            source: value.map(|_| self.scope.variable_source(expression.name)),
            default: (taken && operator == Some(Operator::Default)).then(|| expression.argument.to_owned()),
        });
    }
}

/// The warning about a variable that has no value, in Compose's words.
pub fn unset(name: &str, span: Span) -> Diagnostic {
    let message = format!("The {name:?} variable is not set. Defaulting to a blank string.");
    Diagnostic::warning("unset-variable", span, message)
        .with_help(format!("set {name} in the environment or in .env, give a default with ${{{name}:-value}}, or write $${name} for a literal dollar"))
}

fn bad_template(error: TemplateError, span: Span, trail: &Trail<'_>) -> Diagnostic {
    match error {
        TemplateError::Invalid(text) => {
            let message = format!("invalid interpolation format for {trail}: {text:?}");
            Diagnostic::error("interpolation", span, message)
                .with_help("you may need to escape any $ with another $: write $$ for a literal dollar")
        }
        TemplateError::Required { .. } => Diagnostic::error(
            "required-variable",
            span,
            format!("error while interpolating {trail}: {error}"),
        ),
    }
}

fn bad_cast(error: &casts::CastError, span: Span, trail: &Trail<'_>) -> Diagnostic {
    Diagnostic::error("type", span, format!("failed to cast {trail} to its expected type: {error}"))
}
