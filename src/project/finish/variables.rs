//! Variables that a service gets: entries without a value, `env_file`, `label_file`, secrets from the environment
//! (compose-surface 3.3).

use std::collections::BTreeMap;
use std::path::Path;

use crate::project::combine::{Scope, Session};
use crate::project::diagnostic::Diagnostic;
use crate::project::dotenv::{self, DotenvError, Parsed};
use crate::project::interpolate::unset;
use crate::project::limits::keep_warnings;
use crate::project::model::{EnvFile, Environment, Project, Service};
use crate::project::node::Node;
use crate::project::origin::Origins;
use crate::project::path::visit;
use crate::project::read::{self, environment::FileVariables};
use crate::project::source::Span;

type Variables = BTreeMap<String, String>;

/// `environment: [NAME]` gets its value from the model's own variables (an included model may have others).
pub fn resolve_list_entries(tree: &mut Node, scope: &Scope, origins: &mut Origins) {
    visit(tree, "services.*.environment.[]", &mut |node, _| {
        if let Some(name) = node.as_str().filter(|text| !text.contains('='))
            && let Some(value) = scope.environment.get(name)
        {
            let span = origins.named(node.span, name, value, scope.variable_source(name));
            *node = Node::string(format!("{name}={value}"), span);
        }
    });
}

/// Secrets and configs that come from a variable.
pub fn resolve_file_objects(project: &mut Project) {
    for object in project.secrets.values_mut().chain(project.configs.values_mut()) {
        if !object.environment.is_empty() {
            object.environment_value = project.environment.get(&object.environment).cloned();
        }
    }
}

/// Puts `env_file` under each active service's `environment`, and fills in names without a value. A required file that is
/// missing, or one that cannot be read, is an error of the session.
pub fn resolve_environment(project: &mut Project, session: &mut Session<'_>, scope: &Scope) {
    for service in project.services.values_mut() {
        match service_environment(service, &mut project.tree, scope, session) {
            Ok(resolved) => {
                service.environment = resolved;
                service.env_file.clear();
            }
            Err(error) => session.errors.add([*error]),
        }
    }
}

fn service_environment(
    service: &Service,
    tree: &mut Node,
    scope: &Scope,
    session: &mut Session<'_>,
) -> Result<Environment, Box<Diagnostic>> {
    let outer = &scope.environment;
    let mut own = service.environment.clone();
    for (name, value) in &mut own {
        if value.is_none() {
            *value = outer.get(name).cloned();
        }
    }
    let mut from_files = FileVariables::default();
    for file in &service.env_file {
        let read = {
            let lookup = |name: &str| outer.get(name).cloned().or_else(|| own.get(name).cloned().flatten());
            env_file(file, &scope.directory.join(&file.path), &lookup, &from_files.values, session)?
        };
        from_files.extend(read);
    }
    note_places(tree, ["services", &service.name, "environment"], &from_files, &mut session.origins);
    let mut all: Environment =
        from_files.values.into_iter().map(|(name, value)| (name, Some(value))).collect();
    all.extend(own);
    Ok(all)
}

/// Remembers where variables of files were set: those that stand, and those that an entry of the attribute at `path` replaced.
fn note_places(tree: &mut Node, path: [&str; 3], read: &FileVariables, origins: &mut Origins) {
    if !origins.is_recording() {
        return;
    }
    let [section, service, attribute] = path;
    let own = tree.get_mut(section).and_then(|services| services.get_mut(service));
    let mut own = own.and_then(|service| service.get_mut(attribute));
    for (variable, place) in &read.places {
        match own.as_deref_mut().and_then(|own| own.get_mut(variable)) {
            Some(node) => origins.replace(&Node::string(read.values[variable].as_str(), *place), node),
            None => origins.resolve([section, service, attribute, variable], *place),
        }
    }
}

fn env_file(
    file: &EnvFile,
    path: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
    before: &Variables,
    session: &mut Session<'_>,
) -> Result<FileVariables, Box<Diagnostic>> {
    let text = match read::text(path) {
        Err(error) if error.is_missing() && !file.required => return Ok(FileVariables::default()),
        Err(error) if error.is_missing() => {
            let message = format!("env file {} not found", file.path);
            let help = "create it, or allow it to be missing with `required: false`";
            return Err(Box::new(Diagnostic::error("env-file", file.span, message).with_help(help)));
        }
        other => other.map_err(|error| {
            unreadable(
                "env-file",
                format!("env file {}: {error}", file.path),
                &error,
                path,
                file.span,
                session,
            )
        })?,
    };
    let parsed = match file.format.as_str() {
        "" => dotenv::parse(&text, lookup, before),
        "raw" => dotenv::parse_raw(&text, lookup),
        other => {
            let message = format!("unsupported env_file format {other:?}");
            return Err(Box::new(
                Diagnostic::error("env-file", file.span, message).with_help("use `raw`, or leave it out"),
            ));
        }
    };
    keep_source(path, text, parsed, file.span, session)
}

/// At what is no text in the file, else at the name of the file.
fn unreadable(
    code: &'static str,
    message: String,
    error: &read::ReadError,
    path: &Path,
    named_at: Span,
    session: &mut Session<'_>,
) -> Box<Diagnostic> {
    let place = error.place(|text| session.add_source(path, text));
    let diagnostic = Diagnostic::error(code, place.or(named_at), message);
    Box::new(if place.is_known() { diagnostic.with_label(named_at, "read from here") } else { diagnostic })
}

/// Registers the text for diagnostics, and turns its problems into them.
fn keep_source(
    path: &Path,
    text: String,
    parsed: Result<Parsed, DotenvError>,
    named_at: Span,
    session: &mut Session<'_>,
) -> Result<FileVariables, Box<Diagnostic>> {
    let id = session.add_source(path, text);
    let parsed = parsed.map_err(|error| {
        let message = format!("failed to read {}: {error}", path.display());
        let diagnostic = Diagnostic::error("env-file", session.sources.line(id, error.line), message);
        Box::new(diagnostic.with_label(named_at, "read from here"))
    })?;
    let at = |line: u32| session.sources.line(id, line);
    let warnings = parsed.unset.iter().map(|(name, line)| unset(name, at(*line)));
    keep_warnings(&mut session.warnings, warnings);
    Ok(FileVariables::new(parsed, id, &session.sources))
}

/// Puts `label_file` under each active service's `labels`. A file that cannot be read is an error of the session.
pub fn resolve_labels(project: &mut Project, session: &mut Session<'_>, directory: &Path) {
    for (name, service) in &mut project.services {
        let spans = project
            .tree
            .get("services")
            .and_then(|services| services.get(name))
            .and_then(|s| s.get("label_file"));
        let mut read = FileVariables::default();
        for (index, file) in service.label_file.iter().enumerate() {
            let span = spans
                .and_then(|files| files.child(&index.to_string()))
                .map(|node| node.span)
                .unwrap_or_default();
            match label_file(&directory.join(file), &read.values, span, session) {
                Ok(more) => read.extend(more),
                Err(error) => session.errors.add([*error]),
            }
        }
        service.label_file.clear();
        note_places(&mut project.tree, ["services", name, "labels"], &read, &mut session.origins);
        read.values.append(&mut service.labels);
        service.labels = read.values;
    }
}

fn label_file(
    path: &Path,
    earlier: &Variables,
    span: Span,
    session: &mut Session<'_>,
) -> Result<FileVariables, Box<Diagnostic>> {
    let text = read::text(path).map_err(|error| {
        if error.is_missing() {
            let message = format!("label file {} not found", path.display());
            let error = Diagnostic::error("label-file", span, message);
            return Box::new(error.with_help("create it, or correct the path"));
        }
        let message = format!("label file {}: {error}", path.display());
        unreadable("label-file", message, &error, path, span, session)
    })?;
    let parsed = dotenv::parse(&text, &|name| earlier.get(name).cloned(), &Variables::new());
    keep_source(path, text, parsed, span, session)
}
