//! Errors and warnings of loading, on standard error.

use crate::output::Style;
use crate::project::{Diagnostic, Severity, SourceMap};

/// Prints diagnostics, each with its place.
pub(super) fn diagnostics(list: &[Diagnostic], sources: &SourceMap, _style: Style) {
    for diagnostic in list {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = sources.locate(diagnostic.span).map(|place| format!("{place}: ")).unwrap_or_default();
        eprintln!("{place}{severity}: {}", diagnostic.message);
    }
}
