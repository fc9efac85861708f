//! Diagnostics as one JSON document, for editors (`schema/diagnostics.json`).

use serde::Serialize;

use crate::project::source::Position;
use crate::project::{Diagnostic, Label, Severity, SourceMap, Span};

/// Most diagnostics of one document; the rest are counted.
const MOST: usize = 1000;

#[derive(Serialize)]
struct Document<'a> {
    /// Of this format. New members may come without a new number.
    version: u32,
    diagnostics: Vec<Item<'a>>,
    /// How many were left out.
    omitted: usize,
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place,
    labels: Vec<Note<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Note<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place,
}

/// A place; all members are null for what is about no file.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
}

/// The document, with a line end.
pub fn document(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| (diagnostic.span.file, diagnostic.span.start));
    sorted.dedup_by(|a, b| a == b);
    let document = Document {
        version: 1,
        omitted: sorted.len().saturating_sub(MOST),
        diagnostics: sorted.into_iter().take(MOST).map(|diagnostic| item(diagnostic, sources)).collect(),
    };
    // Text, numbers and null always print.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn item<'a>(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Item<'a> {
    Item {
        code: diagnostic.code,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        place: place(diagnostic.span, sources),
        labels: diagnostic.labels.iter().map(|label| note(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
    }
}

fn note<'a>(label: &'a Label, sources: &SourceMap) -> Note<'a> {
    Note { message: &label.text, place: place(label.span, sources) }
}

fn place(span: Span, sources: &SourceMap) -> Place {
    let Some(file) = sources.get(span.file) else { return Place::default() };
    let Position { line, column } = sources.end(span);
    Place {
        file: Some(file.path.display().to_string()),
        line: Some(span.line),
        column: Some(span.column),
        end_line: Some(line),
        end_column: Some(column),
    }
}
