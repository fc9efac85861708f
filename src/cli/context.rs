//! What every command starts from: the global flags, and by them the engine and the project, each made when asked for.
//!
//! Kept small on purpose: nothing that only some commands need belongs here.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Failure, Globals, report};
use crate::engine::{self, Engine, Target, TargetOptions};
use crate::execute::Interrupt;
use crate::output::Style;
use crate::project::{self, LoadOptions, Loaded, Project, environment};

/// Flags and environment of one invocation.
pub struct Context {
    /// The global flags.
    pub globals: Globals,
    /// The process environment, read once.
    pub environment: BTreeMap<String, String>,
    /// Whether standard output and standard error take colours.
    pub style: Style,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    loaded: OnceCell<Option<Loaded>>,
}

impl Context {
    /// Reads the process environment; the only place beside `project::environment` that does.
    pub fn new(globals: Globals, interrupt: Interrupt) -> Context {
        let environment = environment::process_environment();
        let style = Style { verbose: globals.verbose, ..Style::choose(globals.ansi, &environment) };
        Context { globals, environment, style, interrupt, loaded: OnceCell::new() }
    }

    /// A variable of the environment that is set to something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Which engine the commands go to.
    pub fn target(&self) -> Target {
        Target::choose(&TargetOptions {
            host: self.globals.host.clone(),
            docker_host: self.variable("DOCKER_HOST").map(str::to_owned),
            root: self.variable("WHARF_ROOT").map(PathBuf::from),
        })
    }

    /// Connects to the engine, starting the built-in one when needed.
    ///
    /// # Errors
    /// No engine answers.
    pub async fn engine(&self) -> Result<Arc<Engine>, Failure> {
        Ok(Arc::new(engine::connect(self.target()).await?))
    }

    /// What the global flags say about loading, for commands that change a part of it before they call [`Self::load_with`].
    ///
    /// # Errors
    /// The current directory is gone, or standard input cannot be read.
    pub fn load_options(&self) -> Result<LoadOptions, Failure> {
        let options = environment::options_from_process(self.globals.files.clone())?;
        Ok(LoadOptions {
            project_directory: self.globals.project_directory.clone(),
            project_name: self.globals.project_name.clone(),
            profiles: self.globals.profiles.clone(),
            env_files: self.globals.env_files.clone(),
            all_resources: self.globals.all_resources,
            ..options
        })
    }

    /// Loads the project and shows the warnings.
    ///
    /// # Errors
    /// The files are missing or wrong.
    pub fn load(&self, services: &[String]) -> Result<Loaded, Failure> {
        self.load_with(LoadOptions { services: services.to_vec(), ..self.load_options()? })
    }

    /// Loads the project with options of the caller's and shows the warnings.
    ///
    /// # Errors
    /// The files are missing or wrong.
    pub fn load_with(&self, options: LoadOptions) -> Result<Loaded, Failure> {
        let loaded = project::load(&options)?;
        report::diagnostics(&loaded.warnings, &loaded.project.sources, self.style);
        Ok(loaded)
    }

    /// The project's name, for commands that work on what exists: from the flags and variables alone, else from the files.
    ///
    /// # Errors
    /// There is neither a name nor a file that loads.
    pub fn project_name(&self) -> Result<String, Failure> {
        if let Some(name) = self.named_without_files() {
            return Ok(name.to_owned());
        }
        match self.quietly_loaded() {
            Some(loaded) => Ok(loaded.project.name.clone()),
            // Loads once more for the errors, which were not shown the first time.
            None => Ok(self.load(&[])?.project.name),
        }
    }

    /// The project of the files; `None` when there are none, or when a name alone says which project is meant.
    pub fn project(&self) -> Option<&Project> {
        if self.named_without_files().is_some() {
            return None;
        }
        self.quietly_loaded().map(|loaded| &loaded.project)
    }

    /// A name from the flags or variables, when no file was named (compose-surface 2.4).
    fn named_without_files(&self) -> Option<&str> {
        if !self.globals.files.is_empty() {
            return None;
        }
        let flag = self.globals.project_name.as_deref().filter(|name| !name.is_empty());
        flag.or(self.variable("COMPOSE_PROJECT_NAME"))
    }

    /// Whether the files, as far as there are any that load, have a service that this name or pattern fits.
    pub fn names_service(&self, name: &str) -> bool {
        self.quietly_loaded().is_some_and(|loaded| loaded.project.names_service(name))
    }

    fn quietly_loaded(&self) -> Option<&Loaded> {
        let load = || project::load(&self.load_options().ok()?).ok();
        self.loaded.get_or_init(load).as_ref()
    }
}
