//! From a merged tree to the typed project: defaults, checks, paths, variables, names, references, selection.

mod checks;
mod consistency;
mod cycles;
mod defaults;
mod hosts;
mod lower;
mod normalize;
pub mod paths;
mod selection;
mod variables;

use super::combine::{Scope, Session};
use super::decode;
use super::diagnostic::{Diagnostic, Severity};
use super::model::Project;
use super::node::Node;

/// Completes the tree of one model, which may be an included one.
///
/// # Errors
/// Attributes that contradict each other.
pub fn complete(tree: &mut Node, session: &mut Session<'_>, scope: &Scope) -> Result<(), Vec<Diagnostic>> {
    defaults::fill(tree);
    let mut errors = checks::check(tree);
    if let Some(start) = session.path_start(scope) {
        errors.extend(paths::resolve(tree, &start, &session.options.environment));
    }
    if session.options.interpolate {
        variables::resolve_list_entries(tree, scope, &mut session.origins);
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Normalises a tree, if that is asked for, and puts the project's name in.
pub fn name_parts(tree: &mut Node, session: &mut Session<'_>, scope: &Scope, name: &str) {
    let options = session.options;
    if options.normalize {
        let scope = options.interpolate.then_some(scope);
        normalize::normalize(tree, name, scope, &mut session.origins);
    }
    tree.set("name", name.into());
}

/// The typed project of a complete tree. Files, directory and name are the caller's to set.
///
/// # Errors
/// Values that do not fit their attributes, and references to nothing.
pub fn project(
    mut tree: Node,
    session: &mut Session<'_>,
    scope: &Scope,
    name: &str,
) -> Result<Project, Vec<Diagnostic>> {
    let options = session.options;
    name_parts(&mut tree, session, scope, name);
    let (errors, warnings) = lower::lower(&mut tree);
    session.warnings.extend(warnings);
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut project: Project =
        decode::decode(&tree).map_err(|error| vec![Diagnostic::error("type", error.span, error.message)])?;
    for (key, service) in &mut project.services {
        key.clone_into(&mut service.name);
    }
    project.tree = tree;
    project.environment = scope.environment.clone();
    variables::resolve_file_objects(&mut project);
    selection::activate(&mut project, options);
    if options.check_consistency {
        consistency::check(&mut project)?;
    }
    selection::select(&mut project, options).map_err(|error| vec![*error])?;
    if options.resolve_environment {
        variables::resolve_environment(&mut project, session, scope)?;
    }
    variables::resolve_labels(&mut project, session, &scope.directory)?;
    if !options.all_resources {
        selection::prune(&mut project);
    }
    debug_assert!(session.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    Ok(project)
}
