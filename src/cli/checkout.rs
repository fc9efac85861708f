//! Two folders with one project name: each would take the other's containers for its own.

use std::collections::BTreeSet;
use std::path::Path;

use super::Failure;
use super::session::Session;
use crate::plan::labels;
use crate::plan::observed::ObservedContainer;
use crate::project::Project;

/// Refuses to work on containers that another folder, which is still there, made under the name of this project. Who
/// names the project on the command line or in the environment means these containers.
///
/// # Errors
/// There are such containers.
pub(super) fn check(
    session: &Session,
    project: &Project,
    containers: &[ObservedContainer],
) -> Result<(), Failure> {
    // Folders of another machine cannot be told apart from here.
    if session.is_named() || !session.engine().target().is_local() {
        return Ok(());
    }
    let folders = containers.iter().filter_map(|container| container.labels.get(labels::WORKING_DIR));
    let others: BTreeSet<&String> = folders.filter(|folder| is_other(Path::new(folder), project)).collect();
    let Some(other) = others.first() else { return Ok(()) };
    let name = &project.name;
    Err(Failure::message(format!(
        "project {name}: it has containers that were made from {other}, and this is {}. Give one of the two another name \
         with -p NAME, COMPOSE_PROJECT_NAME or `name:` in its file; -p {name} goes on with these containers",
        project.directory.display()
    )))
}

/// A folder that is gone was moved, and one may have two paths.
fn is_other(folder: &Path, project: &Project) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    project.directory.canonicalize().is_ok_and(|own| own != folder)
}
