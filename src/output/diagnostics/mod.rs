//! Errors and warnings about a project's files: for people, and as JSON for editors.
//!
//! An error shows its line, what else plays a part, and how to mend it. A warning takes one line, because there may be
//! many and the work goes on; on request it shows as much as an error.

mod json;
mod snippet;

use std::collections::HashSet;

pub use json::document;

use super::harmless::harmless;
use crate::project::{Diagnostic, Severity, SourceMap};

/// Most errors, and most warnings, that are printed; the rest are counted.
const MOST: usize = 50;

/// How diagnostics look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// With colours.
    pub colour: bool,
    /// Columns of the terminal; longer lines are cut around what they are shown for.
    pub width: usize,
    /// Warnings show their lines too.
    pub verbose: bool,
}

impl Default for Look {
    /// For a file or a pipe.
    fn default() -> Self {
        Self { colour: false, width: 140, verbose: false }
    }
}

/// The printed form of all diagnostics: warnings, then errors, a blank line after each that takes several lines. One that
/// repeats word for word at one place is printed once.
pub fn render_all(diagnostics: &[Diagnostic], sources: &SourceMap, look: Look) -> String {
    let mut seen = HashSet::new();
    let fresh: Vec<&Diagnostic> = diagnostics
        .iter()
        .filter(|diagnostic| seen.insert((diagnostic.span, diagnostic.message.as_str())))
        .collect();
    [(Severity::Warning, "warning"), (Severity::Error, "error")]
        .into_iter()
        .map(|(severity, word)| {
            let of_severity = fresh.iter().filter(|diagnostic| diagnostic.severity == severity);
            some(&of_severity.copied().collect::<Vec<_>>(), word, sources, look)
        })
        .collect()
}

fn some(diagnostics: &[&Diagnostic], word: &str, sources: &SourceMap, look: Look) -> String {
    let printed = diagnostics.iter().take(MOST).map(|diagnostic| render(diagnostic, sources, look));
    let mut text: String =
        printed.map(|text| if text.contains('\n') { text + "\n\n" } else { text + "\n" }).collect();
    if let Some(more) = diagnostics.len().checked_sub(MOST).filter(|more| *more > 0) {
        let plural = if more == 1 { "" } else { "s" };
        text.push_str(&format!("and {more} more {word}{plural}\n"));
    }
    text
}

/// The printed form of one diagnostic, without a line end.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, look: Look) -> String {
    match diagnostic.severity {
        Severity::Warning if !look.verbose => warning(diagnostic, sources, look),
        _ => snippet::render(diagnostic, sources, look),
    }
}

fn warning(diagnostic: &Diagnostic, sources: &SourceMap, look: Look) -> String {
    let word = if look.colour { "\u{1b}[33mwarning\u{1b}[0m" } else { "warning" };
    let place = sources.locate(diagnostic.span).map(|place| format!("{place}: ")).unwrap_or_default();
    let text = format!("{place}{}", diagnostic.message.replace('\n', " "));
    format!("{word}: {}", harmless(&text))
}

#[cfg(test)]
mod tests;
