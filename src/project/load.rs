//! Loading a project: from options to [`Loaded`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::combine::{self, Scope, Session};
use super::diagnostic::{Diagnostic, LoadFailure, in_order};
use super::explain;
use super::finish;
use super::model::Project;
use super::node::Node;
use super::options::LoadOptions;
use super::origin::{Origins, Sources, VariableSource};
use super::read::remote::is_remote;
use super::read::{discover, environment, name};
use super::source::{SourceMap, Span};
use super::yaml::Document;

/// A project and what the user should know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The project; its `sources` hold the texts that the warnings point into.
    pub project: Project,
    /// Warnings in the order they were found.
    pub warnings: Vec<Diagnostic>,
}

/// Which files make up the project and with which variables, before any of them is parsed.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Compose files, absolute (`-` for standard input).
    pub files: Vec<PathBuf>,
    /// Project directory, absolute.
    pub directory: PathBuf,
    /// Where the first remote file was put: the paths of all files start there, as in Docker Compose.
    fetched: Option<PathBuf>,
    /// Process environment over env files.
    pub environment: BTreeMap<String, String>,
    /// Where those were set that the process environment does not have.
    pub variable_sources: Sources,
    /// The env files read last, absolute.
    pub env_files: Vec<PathBuf>,
    /// The texts that warnings point into.
    pub sources: SourceMap,
    /// Warnings in the order they were found.
    pub warnings: Vec<Diagnostic>,
}

/// Loads a project.
///
/// # Errors
/// Everything found wrong with it, with the texts the errors point into.
pub fn load(options: &LoadOptions) -> Result<Loaded, Box<LoadFailure>> {
    load_once(options).map_err(|failure| explained(failure, options))
}

/// The same failure with the history of the values. Recording that costs time and memory, so a failed project is loaded
/// once more for it; one that fails otherwise the second time (a pipe, a file that changes) keeps its first failure.
fn explained(failure: Box<LoadFailure>, options: &LoadOptions) -> Box<LoadFailure> {
    if options.record_origins {
        return failure;
    }
    let options = LoadOptions { record_origins: true, ..options.clone() };
    match load_once(&options) {
        Err(again) if again.places().eq(failure.places()) => again,
        _ => failure,
    }
}

fn load_once(options: &LoadOptions) -> Result<Loaded, Box<LoadFailure>> {
    let mut session = Session::new(options);
    let project = loaded(&mut session).unwrap_or_else(|errors| {
        session.errors.add(errors);
        None
    });
    match project {
        Some(mut project) if session.errors.is_empty() => {
            project.sources = session.sources;
            project.origins = session.origins;
            in_order(&mut session.warnings);
            Ok(Loaded { project, warnings: session.warnings })
        }
        _ => Err(failure(session)),
    }
}

/// A tree that was not made typed, for `config --no-interpolate` and `--variables`.
#[derive(Clone, Debug)]
pub struct LoadedTree {
    /// The normalised tree.
    pub tree: Node,
    /// How its values came about, when that was asked for.
    pub origins: Origins,
    /// The texts that warnings point into.
    pub sources: SourceMap,
    /// Warnings in the order they were found.
    pub warnings: Vec<Diagnostic>,
}

/// Loads a project as far as its tree.
///
/// # Errors
/// As [`load`].
pub fn load_tree(options: &LoadOptions) -> Result<LoadedTree, Box<LoadFailure>> {
    let mut session = Session::new(options);
    let result = inputs(&mut session).and_then(|inputs| {
        let name = project_name(&mut session, &inputs);
        let scope = scope(&inputs, &name);
        let mut tree = combined(&mut session, &scope, &inputs)?;
        finish::name_parts(&mut tree, &mut session, &scope, &name);
        Ok(tree)
    });
    match result {
        Ok(tree) if session.errors.is_empty() => {
            in_order(&mut session.warnings);
            let Session { origins, sources, warnings, .. } = session;
            Ok(LoadedTree { tree, origins, sources, warnings })
        }
        result => {
            session.errors.add(result.err().unwrap_or_default());
            Err(failure(session))
        }
    }
}

/// Finds the files and reads the variables for interpolation, and no more.
///
/// # Errors
/// When the files cannot be found or an env file cannot be read.
pub fn load_inputs(options: &LoadOptions) -> Result<Inputs, Box<LoadFailure>> {
    let mut session = Session::new(options);
    let result = inputs(&mut session).map(|mut inputs| {
        let name = project_name(&mut session, &inputs);
        inputs.environment = scope(&inputs, &name).environment;
        inputs
    });
    match result {
        Ok(inputs) if session.errors.is_empty() => {
            Ok(Inputs { sources: session.sources, warnings: session.warnings, ..inputs })
        }
        result => {
            session.errors.add(result.err().unwrap_or_default());
            Err(failure(session))
        }
    }
}

/// The `COMPOSE_*` variables of the env files that are read before a compose file is. A file that cannot be read gives
/// none here: loading the project says what is wrong with it.
pub fn settings(options: &LoadOptions) -> BTreeMap<String, String> {
    let mut session = Session::new(options);
    let mut environment = options.environment.clone();
    let start = discover::directory(options, &options.files);
    match read_env_files(&mut session, &mut environment, &mut Sources::new(), &start) {
        Ok(_) => environment.into_iter().filter(|(name, _)| name.starts_with("COMPOSE_")).collect(),
        Err(_) => BTreeMap::new(),
    }
}

/// The project's own name is a variable like others.
fn scope(inputs: &Inputs, name: &str) -> Scope {
    let mut environment = inputs.environment.clone();
    let mut variable_sources = inputs.variable_sources.clone();
    let given = environment.insert("COMPOSE_PROJECT_NAME".into(), name.to_owned());
    if given.is_none_or(|given| given != name) {
        variable_sources.insert("COMPOSE_PROJECT_NAME".into(), VariableSource::ProjectName);
    }
    Scope {
        environment,
        variable_sources,
        directory: inputs.fetched.as_ref().unwrap_or(&inputs.directory).clone(),
    }
}

fn combined(session: &mut Session<'_>, scope: &Scope, inputs: &Inputs) -> Result<Node, Vec<Diagnostic>> {
    session.directory.clone_from(&scope.directory);
    let tree = combine::model(session, scope, &inputs.files, &[]);
    if session.errors.is_empty() && tree.as_mapping().is_none_or(|entries| entries.is_empty()) {
        return Err(vec![Diagnostic::error("empty", Span::default(), "empty compose file")]);
    }
    Ok(tree)
}

fn failure(mut session: Session<'_>) -> Box<LoadFailure> {
    let errors = session.take_errors();
    let errors = errors.into_iter().map(|error| explain::with_history(error, &session.origins));
    let mut diagnostics = session.warnings;
    in_order(&mut diagnostics);
    diagnostics.extend(errors);
    Box::new(LoadFailure { diagnostics, sources: session.sources })
}

fn loaded(session: &mut Session<'_>) -> Result<Option<Project>, Vec<Diagnostic>> {
    let inputs = inputs(session)?;
    let name = project_name(session, &inputs);
    let scope = scope(&inputs, &name);
    let tree = combined(session, &scope, &inputs)?;
    let Some(mut project) = finish::project(tree, session, &scope, &name) else { return Ok(None) };
    project.directory = inputs.directory;
    project.files = inputs.files;
    project.env_files = if session.options.env_files.is_empty() { Vec::new() } else { inputs.env_files };
    Ok(Some(project))
}

/// Finds the files; the env files are looked at twice, because the first may name the compose files, and the directory
/// of those may hold another (compose-surface 3.3).
fn inputs(session: &mut Session<'_>) -> Result<Inputs, Vec<Diagnostic>> {
    let options = session.options;
    let mut environment = options.environment.clone();
    let current = options.current_directory.to_string_lossy().into_owned();
    environment.entry("PWD".into()).or_insert(current);
    let start = discover::directory(options, &options.files);
    let mut variable_sources = Sources::new();
    let mut env_files = read_env_files(session, &mut environment, &mut variable_sources, &start)?;
    let mut files = discover::given(options, |name| environment.get(name).cloned());
    let mut directory = discover::directory(options, &files);
    if files.is_empty() {
        let found = discover::search(&directory, &mut session.warnings).map_err(|error| vec![*error])?;
        files = found.files;
        if options.project_directory.is_none() {
            directory = found.directory;
        }
    }
    if directory != start {
        env_files = read_env_files(session, &mut environment, &mut variable_sources, &directory)?;
    }
    let fetched = fetch(session, &mut files)?;
    Ok(Inputs {
        files,
        directory,
        fetched,
        environment,
        variable_sources,
        env_files,
        sources: SourceMap::default(),
        warnings: Vec::new(),
    })
}

/// Puts the places of remote files for their addresses; the folder of the first one.
fn fetch(session: &mut Session<'_>, files: &mut [PathBuf]) -> Result<Option<PathBuf>, Vec<Diagnostic>> {
    let mut first = None;
    for file in files.iter_mut().filter(|file| is_remote(file)) {
        *file = session.fetch(file, Span::default())?;
        first = first.or_else(|| file.parent().map(Path::to_path_buf));
    }
    Ok(first)
}

fn read_env_files(
    session: &mut Session<'_>,
    environment: &mut BTreeMap<String, String>,
    variable_sources: &mut Sources,
    directory: &Path,
) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let files = environment::files(session.options, environment, directory).map_err(|error| vec![*error])?;
    let more = environment::read(
        &files,
        environment,
        &session.options.current_directory,
        &mut session.sources,
        &mut session.warnings,
    );
    more.map_err(|error| vec![*error])?.fill(environment, variable_sources);
    Ok(files)
}

/// The project's name; a bad one is an error of the session, and loading goes on with a stand-in.
fn project_name(session: &mut Session<'_>, inputs: &Inputs) -> String {
    let mut in_file = None;
    for file in &inputs.files {
        match session.documents(file) {
            Ok(documents) => in_file = name_of(documents).or(in_file),
            Err(errors) => session.errors.add_incomplete(errors),
        }
    }
    let chosen = name::choose(session.options, &inputs.environment, in_file.as_deref(), &inputs.directory);
    chosen.unwrap_or_else(|error| {
        session.errors.add([*error]);
        "unnamed".into()
    })
}

fn name_of(documents: &[Document]) -> Option<String> {
    let names = documents.iter().filter_map(|document| document.root.get("name").and_then(Node::as_str));
    names.rev().find(|name| !name.is_empty()).map(str::to_owned)
}
