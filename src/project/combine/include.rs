//! `include`: other models' resources join this document (compose-surface 1.10).

use std::path::{Path, PathBuf};

use super::{Result, Scope, Session, model};
use crate::project::diagnostic::Diagnostic;
use crate::project::limits::MAX_INCLUDES;
use crate::project::merge;
use crate::project::node::{Mapping, Node, Value};
use crate::project::read::{discover::absolute, environment};
use crate::project::schema::{SECTIONS, did_you_mean};
use crate::project::source::Span;

/// One entry of `include`.
struct Entry {
    paths: Vec<(PathBuf, Span)>,
    project_directory: Option<PathBuf>,
    env_files: Vec<(PathBuf, Span)>,
}

/// Takes `include` out of a document and brings in what it names. The document's own definitions merge over those.
pub fn apply(session: &mut Session<'_>, scope: &Scope, file: &Path, including: &[PathBuf], root: &mut Node) {
    let Some(include) = root.as_mapping_mut().and_then(|entries| entries.shift_remove("include")) else {
        return;
    };
    if include.node.is_null() {
        return;
    }
    let mut chain = including.to_vec();
    chain.push(file.to_path_buf());
    let Value::Sequence(items) = include.node.value else {
        let error = Diagnostic::error("type", include.node.span, "include must be a array")
            .with_help("write it as a list:\n\ninclude:\n  - other.yaml");
        return session.errors.add_incomplete(vec![error]);
    };
    for item in &items {
        let included = entry(item).and_then(|entry| load(session, scope, &entry, &chain));
        match included.and_then(|imported| import(session, root, imported)) {
            Ok(()) => {}
            Err(errors) => session.errors.add_incomplete(errors),
        }
    }
}

fn entry(item: &Node) -> Result<Entry> {
    let (paths, project_directory, env_files) = match &item.value {
        Value::String(_) => (texts(item, "path")?, None, Vec::new()),
        Value::Mapping(entries) => {
            let of = |key: &str| entries.get(key).map_or(Ok(Vec::new()), |entry| texts(&entry.node, key));
            known_keys(entries)?;
            (of("path")?, of("project_directory")?.into_iter().next().map(|(path, _)| path), of("env_file")?)
        }
        _ => {
            return Err(vec![Diagnostic::error(
                "type",
                item.span,
                "include items must be a mapping or string",
            )]);
        }
    };
    if paths.is_empty() {
        return Err(vec![Diagnostic::error(
            "missing-property",
            item.span,
            "include item missing property 'path'",
        )]);
    }
    Ok(Entry { paths, project_directory, env_files })
}

fn known_keys(entries: &Mapping) -> Result<()> {
    let unknown =
        entries.iter().find(|(key, _)| !matches!(key.as_str(), "path" | "project_directory" | "env_file"));
    unknown.map_or(Ok(()), |(key, entry)| {
        let message = format!("include additional properties '{key}' not allowed");
        let help = did_you_mean(key, ["path", "project_directory", "env_file"].into_iter());
        let error = Diagnostic::error("unknown-key", entry.key_span, message);
        Err(vec![
            error.with_help(
                help.unwrap_or_else(|| "an entry takes path, project_directory and env_file".into()),
            ),
        ])
    })
}

/// One text or a list of texts.
fn texts(node: &Node, key: &str) -> Result<Vec<(PathBuf, Span)>> {
    let items = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let text = |item: &Node| item.as_str().map(|text| (PathBuf::from(text), item.span));
    let texts: Option<Vec<_>> = items.iter().map(text).collect();
    texts.ok_or_else(|| {
        vec![Diagnostic::error("type", node.span, format!("include {key} must be a array or string"))]
    })
}

fn load(session: &mut Session<'_>, scope: &Scope, entry: &Entry, chain: &[PathBuf]) -> Result<Node> {
    let mut files = Vec::with_capacity(entry.paths.len());
    for (path, span) in &entry.paths {
        session.budget.include(*span)?;
        files.push(local(session, scope, path, *span, chain)?);
    }
    let directory = match &entry.project_directory {
        Some(directory) => absolute(&scope.directory, directory),
        None => files[0].parent().map_or_else(|| scope.directory.clone(), Path::to_path_buf),
    };
    let env_files = env_files(scope, entry, &directory);
    let more = environment::read(
        &env_files,
        &scope.environment,
        &session.options.current_directory,
        &mut session.sources,
        &mut session.warnings,
    )
    .map_err(|error| vec![placed(*error, entry)])?;
    let mut inner = Scope { directory, ..scope.clone() };
    more.fill(&mut inner.environment, &mut inner.variable_sources);
    for (file, (_, span)) in files.iter().zip(&entry.paths) {
        session.named(file, *span, "included from here");
    }
    let mark = session.errors.mark();
    let tree = model(session, &inner, &files, chain);
    for error in session.errors.since(mark) {
        *error = placed(error.clone(), entry);
    }
    Ok(tree)
}

/// An error that points nowhere points at the entry.
fn placed(mut error: Diagnostic, entry: &Entry) -> Diagnostic {
    error.span = error.span.or(entry.paths[0].1);
    error
}

fn local(
    session: &mut Session<'_>,
    scope: &Scope,
    path: &Path,
    span: Span,
    chain: &[PathBuf],
) -> Result<PathBuf> {
    let path = session.local(&scope.directory, path, span, "include")?;
    if chain.len() >= MAX_INCLUDES {
        let message = format!("files include each other over more than {MAX_INCLUDES} levels");
        return Err(vec![Diagnostic::error("project-limit", span, message)]);
    }
    if chain.contains(&path) {
        let shown: Vec<String> = chain.iter().map(|file| file.display().to_string()).collect();
        let message =
            format!("include cycle detected:\n{}\n include {}", shown.join("\n include "), path.display());
        return Err(vec![Diagnostic::error("include-cycle", span, message)]);
    }
    Ok(path)
}

fn env_files(scope: &Scope, entry: &Entry, directory: &Path) -> Vec<PathBuf> {
    if entry.env_files.is_empty() {
        let default = directory.join(".env");
        return if default.is_file() { vec![default] } else { Vec::new() };
    }
    let given = entry.env_files.iter().filter(|(path, _)| path != Path::new("/dev/null"));
    given.map(|(path, _)| absolute(&scope.directory, path)).collect()
}

/// Puts an included model under what the document defines itself.
fn import(session: &mut Session<'_>, root: &mut Node, mut imported: Node) -> Result<()> {
    let Some(sections) = imported.as_mapping_mut() else { return Ok(()) };
    sections.retain(|name, _| SECTIONS.contains(&name.as_str()));
    let own = std::mem::take(root);
    *root = merge::merge(imported, own, &mut session.origins).map_err(|error| vec![*error])?;
    Ok(())
}
