//! Whether the engine can do what a project asks for: said before anything is changed.

use super::Failure;
use super::session::Session;
use crate::project::attributes::{self, Scope};
use crate::project::{LoadFailure, Project};

/// Warns of what has no effect on the session's engine.
///
/// # Errors
/// All that the engine cannot do, each with its place; or the engine does not say what it is.
pub(super) async fn check(session: &Session, project: &Project, scope: Scope) -> Result<(), Failure> {
    let findings = attributes::check(project, session.engine().kind().await?, scope);
    for warning in &findings.warnings {
        let place =
            project.sources.locate(warning.span).map(|place| format!("{place}: ")).unwrap_or_default();
        session.runner.progress.warning(&format!("{place}{}", warning.message));
    }
    if findings.errors.is_empty() {
        return Ok(());
    }
    let sources = project.sources.clone();
    Err(Failure::Load(Box::new(LoadFailure { diagnostics: findings.errors, sources })))
}
