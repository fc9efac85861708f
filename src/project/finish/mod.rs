//! From a merged tree to the typed project: defaults, checks, paths, variables, names, references, selection.

mod checks;
mod consistency;
mod cycles;
mod defaults;
mod hosts;
mod lower;
mod normalize;
pub mod paths;
mod quantities;
mod selection;
mod variables;

use super::combine::{Scope, Session};
use super::decode;
use super::diagnostic::{Diagnostic, Severity};
use super::limits::{MAX_SERVICES, keep_warnings};
use super::model::Project;
use super::node::{Node, Value};
use super::origin::{Origins, VariableSource};
use super::read::name::normalize as normalize_name;
use super::source::Span;
use super::warnings;

/// Completes the tree of one model, which may be an included one; gives the attributes that contradict each other.
pub fn complete(tree: &mut Node, session: &mut Session<'_>, scope: &Scope) -> Vec<Diagnostic> {
    defaults::fill(tree);
    let mut errors = checks::check(tree, &session.errors);
    if session.options.interpolate {
        errors.extend(quantities::check(tree, &session.sources));
    }
    if let Some(start) = session.path_start(scope) {
        errors.extend(paths::resolve(tree, &start, &session.options.environment));
    }
    if session.options.interpolate {
        variables::resolve_list_entries(tree, scope, &mut session.origins);
    }
    errors
}

/// Normalises a tree, if that is asked for, and puts the project's name in.
pub fn name_parts(tree: &mut Node, session: &mut Session<'_>, scope: &Scope, name: &str) {
    let options = session.options;
    if options.normalize {
        let scope = options.interpolate.then_some(scope);
        normalize::normalize(tree, name, scope, &mut session.origins);
    }
    let mut node = name_node(tree.get("name"), scope, name, &mut session.origins);
    if let Some(earlier) = tree.get("name").filter(|earlier| earlier.span != node.span) {
        session.origins.replace(earlier, &mut node);
    }
    tree.set("name", node);
}

/// The project's name, and that it comes from a file or from a variable, if it does.
fn name_node(in_file: Option<&Node>, scope: &Scope, name: &str, origins: &mut Origins) -> Node {
    const VARIABLE: &str = "COMPOSE_PROJECT_NAME";
    let span = match (in_file, scope.variable_source(VARIABLE)) {
        (Some(node), _) if node.as_str().is_some_and(|text| normalize_name(text) == name) => node.span,
        (_, VariableSource::ProjectName) => Span::default(),
        (_, source) => origins.named(Span::default(), VARIABLE, name, source),
    };
    Node::string(name, span)
}

/// The typed project of a complete tree. Files, directory and name are the caller's to set. What is wrong goes to the
/// session's errors; `None` when no project can be made of the rest.
pub fn project(mut tree: Node, session: &mut Session<'_>, scope: &Scope, name: &str) -> Option<Project> {
    let options = session.options;
    name_parts(&mut tree, session, scope, name);
    let (errors, warnings) = lower::lower(&mut tree);
    keep_warnings(&mut session.warnings, warnings);
    session.errors.cut(&mut tree, errors);
    bound_services(&tree, session)?;
    let mut project = decoded(&mut tree, session)?;
    for (key, service) in &mut project.services {
        key.clone_into(&mut service.name);
    }
    project.tree = tree;
    project.environment = scope.environment.clone();
    variables::resolve_file_objects(&mut project);
    selection::activate(&mut project, options);
    related(&mut project, session);
    if options.resolve_environment {
        variables::resolve_environment(&mut project, session, scope);
    }
    variables::resolve_labels(&mut project, session, &scope.directory);
    if !options.all_resources {
        selection::prune(&mut project);
    }
    debug_assert!(session.warnings.iter().all(|warning| warning.severity == Severity::Warning));
    Some(project)
}

/// Too many services are an error before each takes the memory of a typed one.
fn bound_services(tree: &Node, session: &mut Session<'_>) -> Option<()> {
    let Some(services) = tree.get("services").and_then(Node::as_mapping) else { return Some(()) };
    let Some((_, entry)) = services.get_index(MAX_SERVICES) else { return Some(()) };
    let message = format!("the project has {} services; {MAX_SERVICES} are the most", services.len());
    session.errors.add([Diagnostic::error("project-limit", entry.key_span, message)]);
    None
}

/// Checks that need the whole project: made only when all of it is known.
fn related(project: &mut Project, session: &mut Session<'_>) {
    if session.errors.is_incomplete() {
        return;
    }
    let options = session.options;
    if options.check_consistency {
        let errors = consistency::check(project, &session.errors);
        session.errors.add(errors);
    }
    // Beside errors they would be noise: a misspelt name leaves the right one unused.
    if session.errors.is_empty() {
        project.sources = session.sources.clone();
        session.warnings.extend(warnings::check(project));
    }
    if let Err(error) = selection::select(project, options) {
        session.errors.add([*error]);
    }
}

/// Decodes again and again, each time without the value that did not fit.
fn decoded(tree: &mut Node, session: &mut Session<'_>) -> Option<Project> {
    loop {
        match decode::decode(tree) {
            Ok(project) => return Some(project),
            Err(error) => {
                let path = path_of(tree, error.span).map(|steps| steps.join(".") + ": ").unwrap_or_default();
                let error = Diagnostic::error("type", error.span, format!("{path}{}", error.message));
                if !session.errors.cut(tree, vec![error]) {
                    return None;
                }
            }
        }
    }
}

/// The way to the value that stands at a place.
fn path_of(tree: &Node, span: Span) -> Option<Vec<&str>> {
    let Value::Mapping(entries) = &tree.value else { return None };
    entries.iter().find_map(|(key, entry)| {
        let here = (span.is_known() && entry.node.span == span).then(Vec::new);
        let mut path = here.or_else(|| path_of(&entry.node, span))?;
        path.insert(0, key.as_str());
        Some(path)
    })
}
