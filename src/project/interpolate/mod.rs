//! Variables in values: every text of a tree has its `${…}` replaced, then takes the type its attribute needs.
//!
//! Works on one document before anything is merged, so each message names the file it is about. Keys are never touched.

mod casts;
mod locate;
pub mod template;
mod variables;

pub use casts::Cast;
pub use variables::{Variable, variables};

use super::attributes::cast_at;
use super::combine::Scope;
use super::diagnostic::Diagnostic;
use super::limits::{MAX_DIAGNOSTICS, MAX_TEXT, keep_warnings};
use super::node::{Node, Value};
use super::origin::{Interpolation, Origins, VariableSource, VariableUse};
use super::path::{ITEM, Trail};
use super::schema::nearest;
use super::source::{SourceMap, Span};
use template::{Expression, Operator, TemplateError, Variables};

/// Replaces variables in a whole tree.
///
/// # Errors
/// Every malformed template, missing required variable and text that does not fit its attribute's type.
pub fn interpolate(
    root: &mut Node,
    scope: &Scope,
    sources: &SourceMap,
    warnings: &mut Vec<Diagnostic>,
    origins: &mut Origins,
) -> Result<(), Vec<Diagnostic>> {
    let mut pass = Pass { scope, sources, warnings, origins, errors: Vec::new(), made: 0 };
    pass.node(root, &Trail::root());
    if pass.errors.is_empty() { Ok(()) } else { Err(pass.errors) }
}

/// Longest text, in bytes, in which warnings are placed exactly; in longer ones they point at its beginning.
const MAX_SEARCHED: usize = 16 << 10;

struct Pass<'a> {
    scope: &'a Scope,
    sources: &'a SourceMap,
    warnings: &'a mut Vec<Diagnostic>,
    origins: &'a mut Origins,
    errors: Vec<Diagnostic>,
    /// Bytes of text made so far.
    made: usize,
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
                    Err(error) if self.errors.len() < MAX_DIAGNOSTICS => self.errors.push(error),
                    Err(_) => {}
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: String, at: &mut Span, trail: &Trail<'_>) -> Result<Value, Diagnostic> {
        let span = *at;
        let template = text.contains('$').then(|| text.clone());
        let text = if template.is_some() { self.substituted(&text, at, trail)? } else { text };
        let Some(cast) = cast_at(trail) else { return Ok(Value::String(text)) };
        let (value, instead) = casts::apply(cast, &text).map_err(|error| {
            let error = bad_cast(&error, span, trail);
            template.iter().fold(error, |error, template| self.with_sources(error, template))
        })?;
        if let Some(word) = instead {
            let message = format!("{text:?} for boolean is not supported by YAML 1.2, please use `{word}`");
            keep_warnings(self.warnings, [Diagnostic::warning("yaml-1.1-boolean", span, message)]);
        }
        Ok(value)
    }

    fn substituted(&mut self, text: &str, at: &mut Span, trail: &Trail<'_>) -> Result<String, Diagnostic> {
        let span = *at;
        let recorded = self.origins.is_recording().then(Vec::new);
        let mut lookup = Lookup { scope: self.scope, unset: Vec::new(), recorded };
        let result = if self.made > MAX_TEXT {
            Err(TemplateError::TooLong)
        } else {
            template::substitute(text, &mut lookup)
        };
        self.made += match &result {
            Ok(made) => made.len(),
            // Whatever else there is would only be made to be thrown away.
            Err(TemplateError::TooLong) => MAX_TEXT,
            Err(_) => 0,
        };
        // Taken out while the rest of the pass is looked at: a warning that is not kept is not made.
        let mut warnings = std::mem::take(self.warnings);
        keep_warnings(&mut warnings, lookup.unset.iter().map(|name| self.unset(text, name, span)));
        *self.warnings = warnings;
        let result = result.map_err(|error| self.bad_template(error, text, span, trail));
        if let Some(variables) = lookup.recorded {
            *at = self.origins.interpolated(span, Interpolation { template: text.to_owned(), variables });
        }
        result
    }

    fn unset(&self, template: &str, name: &str, span: Span) -> Diagnostic {
        // Each variable of a text is looked for from its start.
        if template.len() > MAX_SEARCHED {
            return unset(name, span);
        }
        let range = locate::plain(template, name).unwrap_or(0..template.len());
        let expression = &template[range.clone()];
        let mut warning = unset(name, self.sources.part(span, template, range));
        let embedded = !expression.starts_with("${") && expression != template;
        if embedded {
            warning.message.push_str(&format!(" (in {template:?}; for a literal dollar write $${name})"));
        }
        match nearest(name, self.scope.environment.keys().map(String::as_str)) {
            Some(known) if name.len() > 3 => {
                let warning = warning.with_help(format!("did you mean `{known}`?"));
                self.with_source(warning, known)
            }
            _ => warning,
        }
    }

    /// Labels where the variables of a template were set.
    fn with_sources(&self, error: Diagnostic, template: &str) -> Diagnostic {
        let Ok(parts) = template::parse(template) else { return error };
        parts.into_iter().fold(error, |error, part| match part {
            template::Part::Expression(expression) => self.with_source(error, expression.name),
            template::Part::Text(_) => error,
        })
    }

    fn with_source(&self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        match self.scope.variable_source(name) {
            VariableSource::File(place) => diagnostic.with_label(place, format!("{name} is set here")),
            _ => diagnostic,
        }
    }

    fn bad_template(&self, error: TemplateError, text: &str, span: Span, trail: &Trail<'_>) -> Diagnostic {
        match error {
            TemplateError::Invalid(_) => {
                let range = locate::malformed(text);
                let help = locate::advice(&text[range.clone()]);
                let message = format!("invalid interpolation format for {trail}: {text:?}");
                let place = self.sources.part(span, text, range);
                Diagnostic::error("interpolation", place, message).with_help(help)
            }
            TemplateError::TooDeep | TemplateError::TooLong => {
                Diagnostic::error("interpolation", span, format!("{trail}: {error}"))
            }
            TemplateError::Required { ref name, .. } => {
                let range = locate::required(text, name).unwrap_or(0..text.len());
                let message = format!("error while interpolating {trail}: {error}");
                let place = self.sources.part(span, text, range);
                let diagnostic = Diagnostic::error("required-variable", place, message);
                match nearest(name, self.scope.environment.keys().map(String::as_str)) {
                    Some(known) if known != name => self.with_source(
                        diagnostic.with_help(format!("did you mean `{known}`, which is set?")),
                        known,
                    ),
                    Some(_) => {
                        self.with_source(diagnostic.with_help(format!("{name} is set, but empty")), name)
                    }
                    None => diagnostic.with_help(format!(
                        "set {name} in the environment, in .env, or in a file given with --env-file"
                    )),
                }
            }
        }
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
        if self.unset.len() <= MAX_DIAGNOSTICS {
            self.unset.push(name.to_owned());
        }
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

fn bad_cast(error: &casts::CastError, span: Span, trail: &Trail<'_>) -> Diagnostic {
    let help = match error {
        casts::CastError::Boolean(_) => "write `true` or `false`",
        casts::CastError::Number(_) => "write a number, without quotes or unit",
    };
    Diagnostic::error("type", span, format!("failed to cast {trail} to its expected type: {error}"))
        .with_help(help)
}
