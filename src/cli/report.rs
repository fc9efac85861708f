//! Errors and warnings of loading, on standard error.

use crate::output::{Style, diagnostics as printed};
use crate::project::{Diagnostic, SourceMap};

/// Prints diagnostics, each with its place.
pub(super) fn diagnostics(list: &[Diagnostic], sources: &SourceMap, style: Style) {
    eprint!("{}", printed::render_all(list, sources, style.stderr));
}
