//! What is wrong with a project, as data.
//!
//! Owns the shape of an error or a warning about a file. Printing is `output::diagnostics`; nothing here prints.

use super::source::{FileId, SourceMap, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The project cannot be used.
    Error,
    /// The project is used, but the user probably wants to know.
    Warning,
}

/// A second place that explains the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, in a few words ("first defined here").
    pub text: String,
}

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable name of the kind of problem, for editors and tests ("unknown-key").
    pub code: &'static str,
    /// The message, without a place.
    pub message: String,
    /// The place it speaks about; may point nowhere ([`Span::is_known`]).
    pub span: Span,
    /// Further places.
    pub labels: Vec<Label>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without labels or help.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message.into())
    }

    /// A warning without labels or help.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message.into())
    }

    fn new(severity: Severity, code: &'static str, span: Span, message: String) -> Self {
        Self { severity, code, message: shortened(message), span, labels: Vec::new(), help: None }
    }

    /// Adds a line that says how to mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place and what to do.
    pub(super) fn and(&mut self, span: Span, text: &str, help: impl Into<String>) {
        *self = self.clone().with_label(span, text).with_help(help);
    }

    /// Adds a second place; a place that points nowhere is left out.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        if span.is_known() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }
}

/// Sorts by file (in the order they were read) and place; what points nowhere comes first.
pub(super) fn in_order(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.file, diagnostic.span.start));
}

/// Longest message, in bytes: some quote what was written, which may be megabytes.
const MAX_MESSAGE: usize = 4096;

fn shortened(mut message: String) -> String {
    if message.len() > MAX_MESSAGE {
        let left_out = message.len() - MAX_MESSAGE;
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push_str(&format!("… ({left_out} more bytes)"));
    }
    message
}

/// A project that could not be loaded: all errors found, the warnings before them, and the texts they point into.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", first_message(.diagnostics))]
pub struct LoadFailure {
    /// The warnings, then the errors (at least one), each in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// The files.
    pub sources: SourceMap,
}

impl LoadFailure {
    /// Kind and place of each diagnostic.
    pub(super) fn places(&self) -> impl Iterator<Item = (&'static str, (FileId, u32, u32))> {
        self.diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.span.place()))
    }
}

fn first_message(diagnostics: &[Diagnostic]) -> &str {
    let first = diagnostics.iter().find(|d| d.severity == Severity::Error);
    first.map_or("invalid compose project", |d| d.message.as_str())
}
