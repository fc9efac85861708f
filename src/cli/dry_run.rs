//! `--dry-run` of commands whose effect is no plan of steps: they say it in the same three forms.

use std::io::Write;

use super::Context;
use crate::output::plan::{PlanFormat, Row, Sheet};

/// Prints the effects instead of having them, when `--dry-run` asks for it.
pub(super) fn announced(context: &Context, project: &str, rows: impl FnOnce() -> Vec<Row>) -> bool {
    let Some(format) = context.globals.dry_run() else { return false };
    print(&Sheet::of_rows(project, rows()), format);
    true
}

/// Prints a sheet.
pub(super) fn print(sheet: &Sheet, format: PlanFormat) {
    // A reader that went away wants no more of it.
    let _ = std::io::stdout().write_all(sheet.render(format).as_bytes());
}
