//! Errors told with the history of the value they speak about: what it overrides, and the variables it was made of.
//!
//! Owns the wording of that. Judges nothing: an error is one with or without its history.

use super::diagnostic::Diagnostic;
use super::origin::{Interpolation, Origins, VariableSource, VariableUse};
use super::source::Span;

/// Adds what is known of the value that an error speaks about, as far as the error does not tell it already.
pub fn with_history(error: Diagnostic, origins: &Origins) -> Diagnostic {
    let Some(origin) = origins.get(error.span) else { return error };
    let error = match origin.overrode.as_deref() {
        Some(replaced) => with_label(error, replaced.span, "overridden here".to_owned()),
        None => error,
    };
    match origin.interpolation.as_deref() {
        Some(interpolation) => with_variables(error, interpolation),
        None => error,
    }
}

fn with_variables(error: Diagnostic, interpolation: &Interpolation) -> Diagnostic {
    interpolation.variables.iter().fold(error, |error, variable| match variable.source {
        Some(VariableSource::File(place)) => {
            with_label(error, place, format!("{} is set here", variable.name))
        }
        Some(VariableSource::Process) => with_value(error, variable),
        Some(VariableSource::ProjectName) | None => error,
    })
}

/// The environment has no line to point at, so its part is told in words.
fn with_value(error: Diagnostic, variable: &VariableUse) -> Diagnostic {
    let Some(value) = &variable.value else { return error };
    let told = format!("{} is {value:?} in the environment", variable.name);
    let help = match &error.help {
        Some(help) if help.contains(&told) => return error,
        Some(help) => format!("{help}; {told}"),
        None => told,
    };
    error.with_help(help)
}

fn with_label(error: Diagnostic, place: Span, text: String) -> Diagnostic {
    let here = |other: &Span| other.place() == place.place();
    let told = here(&error.span) || error.labels.iter().any(|label| here(&label.span));
    if told { error } else { error.with_label(place, text) }
}
