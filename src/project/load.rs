//! Loading a project: from options to [`Loaded`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::combine::{self, Scope, Session};
use super::diagnostic::{Diagnostic, LoadFailure};
use super::finish;
use super::model::Project;
use super::node::Node;
use super::options::LoadOptions;
use super::read::{discover, environment, name};
use super::source::Span;

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
    /// Process environment over env files.
    pub environment: BTreeMap<String, String>,
    /// The env files read last, absolute.
    pub env_files: Vec<PathBuf>,
}

/// Loads a project.
///
/// # Errors
/// Everything found wrong with it, with the texts the errors point into.
pub fn load(options: &LoadOptions) -> Result<Loaded, Box<LoadFailure>> {
    let mut session = Session::new(options);
    match loaded(&mut session) {
        Ok(mut project) => {
            project.sources = session.sources;
            Ok(Loaded { project, warnings: session.warnings })
        }
        Err(errors) => Err(failure(session, errors)),
    }
}

/// The merged tree without names, defaults of the whole project or typed fields: what `config --no-interpolate` shows.
///
/// # Errors
/// As [`load`].
pub fn load_tree(options: &LoadOptions) -> Result<(Node, Vec<Diagnostic>), Box<LoadFailure>> {
    let mut session = Session::new(options);
    let result = inputs(&mut session).and_then(|inputs| {
        let scope = Scope { environment: inputs.environment, directory: inputs.directory };
        combine::model(&mut session, &scope, &inputs.files, &[])
    });
    match result {
        Ok(tree) => Ok((tree, session.warnings)),
        Err(errors) => Err(failure(session, errors)),
    }
}

/// Variables for interpolation, as `config --environment` shows them.
///
/// # Errors
/// When the files cannot be found or an env file cannot be read.
pub fn load_inputs(options: &LoadOptions) -> Result<(Inputs, Vec<Diagnostic>), Box<LoadFailure>> {
    let mut session = Session::new(options);
    let result = inputs(&mut session).and_then(|mut inputs| {
        let name = project_name(&mut session, &inputs)?;
        inputs.environment.insert("COMPOSE_PROJECT_NAME".into(), name);
        Ok(inputs)
    });
    match result {
        Ok(inputs) => Ok((inputs, session.warnings)),
        Err(errors) => Err(failure(session, errors)),
    }
}

fn failure(session: Session<'_>, errors: Vec<Diagnostic>) -> Box<LoadFailure> {
    let mut diagnostics = session.warnings;
    diagnostics.extend(errors);
    Box::new(LoadFailure { diagnostics, sources: session.sources })
}

fn loaded(session: &mut Session<'_>) -> Result<Project, Vec<Diagnostic>> {
    let inputs = inputs(session)?;
    let name = project_name(session, &inputs)?;
    let mut environment = inputs.environment;
    environment.insert("COMPOSE_PROJECT_NAME".into(), name.clone());
    let scope = Scope { environment, directory: inputs.directory };
    let tree = combine::model(session, &scope, &inputs.files, &[])?;
    if tree.as_mapping().is_none_or(|entries| entries.is_empty()) {
        return Err(vec![Diagnostic::error("empty", Span::default(), "empty compose file")]);
    }
    let mut project = finish::project(tree, session, &scope, &name)?;
    project.directory = scope.directory;
    project.files = inputs.files;
    project.env_files = if session.options.env_files.is_empty() { Vec::new() } else { inputs.env_files };
    Ok(project)
}

/// Finds the files; the env files are looked at twice, because the first may name the compose files, and the directory
/// of those may hold another (compose-surface 3.3).
fn inputs(session: &mut Session<'_>) -> Result<Inputs, Vec<Diagnostic>> {
    let options = session.options;
    let mut environment = options.environment.clone();
    let current = options.current_directory.to_string_lossy().into_owned();
    environment.entry("PWD".into()).or_insert(current);
    let start = discover::directory(options, &options.files);
    let mut env_files = read_env_files(session, &mut environment, &start)?;
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
        env_files = read_env_files(session, &mut environment, &directory)?;
    }
    Ok(Inputs { files, directory, environment, env_files })
}

fn read_env_files(
    session: &mut Session<'_>,
    environment: &mut BTreeMap<String, String>,
    directory: &Path,
) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let files = environment::files(session.options, environment, directory);
    let more = environment::read(&files, environment, &mut session.sources, &mut session.warnings);
    environment::fill(environment, more.map_err(|error| vec![*error])?);
    Ok(files)
}

fn project_name(session: &mut Session<'_>, inputs: &Inputs) -> Result<String, Vec<Diagnostic>> {
    let mut in_file = None;
    for file in &inputs.files {
        for document in session.documents(file)?.iter() {
            let name = document.root.get("name").and_then(Node::as_str).filter(|name| !name.is_empty());
            in_file = name.map(str::to_owned).or(in_file);
        }
    }
    name::choose(session.options, &inputs.environment, in_file.as_deref(), &inputs.directory).map_err(|error| vec![*error])
}
