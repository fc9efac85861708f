//! `wharf config -q --format json`: what is wrong with a project, for editors.

use crate::cli::Failure;
use crate::output::{self, diagnostics};
use crate::project::{self, LoadOptions};

/// Prints all diagnostics as one JSON document (`schema/diagnostics.json`); an empty list where nothing is wrong.
///
/// # Errors
/// Exit code 1 when the project does not load.
pub(super) fn print(options: &LoadOptions) -> Result<(), Failure> {
    let loaded = if options.interpolate {
        project::load(options).map(|loaded| (loaded.warnings, loaded.project.sources))
    } else {
        project::load_tree(options).map(|loaded| (loaded.warnings, loaded.sources))
    };
    let (document, result) = match loaded {
        Ok((warnings, sources)) => (diagnostics::document(&warnings, &sources), Ok(())),
        Err(failed) => (diagnostics::document(&failed.diagnostics, &failed.sources), Err(Failure::Exit(1))),
    };
    output::text(&document);
    result
}
