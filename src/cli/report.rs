//! Errors and warnings of loading, on standard error.

use super::Context;
use crate::output::progress::ProgressMode;
use crate::output::{Style, diagnostics as printed, harmless};
use crate::project::{Diagnostic, SourceMap};

/// Prints diagnostics, each with its place.
pub(super) fn diagnostics(list: &[Diagnostic], sources: &SourceMap, style: Style) {
    let fallback = printed::Look::default().width;
    let width = console::Term::stderr().size_checked().map_or(fallback, |(_, columns)| usize::from(columns));
    let look = printed::Look { colour: style.stderr, width, verbose: style.verbose };
    eprint!("{}", printed::render_all(list, sources, look));
}

/// Prints what went wrong otherwise; as JSON where progress is JSON (compose-surface 2.5).
pub(super) fn failure(context: &Context, message: &str) {
    if context.settings.progress == ProgressMode::Json {
        eprintln!("{}", serde_json::json!({ "error": true, "message": message }));
    } else {
        eprintln!("{}", harmless(message));
    }
}
