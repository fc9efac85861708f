//! What every command starts from: the global flags, and by them the engine and the project, each made when asked for.
//!
//! Kept small on purpose: nothing that only some commands need belongs here.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::artifacts::Artifacts;
use super::settings::means_yes;
use super::{Failure, Globals, Settings, report};
use crate::engine::{self, Engine, Target, TargetOptions};
use crate::execute::Interrupt;
use crate::output::Style;
use crate::project::{self, LoadOptions, Loaded, Project, Remote, environment};

/// Flags and environment of one invocation.
pub struct Context {
    /// The global flags.
    pub globals: Globals,
    /// What flags and `COMPOSE_*` variables say of progress, colours and parallel work.
    pub settings: Settings,
    environment: BTreeMap<String, String>,
    /// Whether standard output and standard error take colours.
    pub style: Style,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    artifacts: Arc<Artifacts>,
    loaded: OnceCell<Option<Loaded>>,
}

impl Context {
    /// Takes the process environment, and the `COMPOSE_*` variables of `.env` as if they stood there.
    ///
    /// # Errors
    /// A variable that stands for a flag has a value that the flag does not take.
    pub fn new(globals: Globals, interrupt: Interrupt) -> Result<Context, String> {
        let environment = environment::process_with_settings(
            &globals.files,
            &globals.env_files,
            globals.project_directory.as_deref(),
        );
        let settings = Settings::choose(&globals, |name| non_empty(&environment, name))?;
        let style = Style { verbose: globals.verbose, ..Style::choose(settings.ansi, &environment) };
        let cache = cache_folder(|name| non_empty(&environment, name));
        let artifacts = Arc::new(Artifacts::new(cache, globals.insecure_registries.clone()));
        Ok(Context { globals, settings, environment, style, interrupt, artifacts, loaded: OnceCell::new() })
    }

    /// A variable of the environment that is set to something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        non_empty(&self.environment, name)
    }

    /// Whether a variable that stands for a flag is set to a word for yes.
    pub fn is_on(&self, name: &str) -> bool {
        self.variable(name).is_some_and(means_yes)
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
            remote: Some(Arc::clone(&self.artifacts) as Arc<dyn Remote>),
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

    /// The project's name, for commands that work on what exists: from `-p` alone, else from the files, else from
    /// `COMPOSE_PROJECT_NAME` (compose-surface 2.4).
    ///
    /// # Errors
    /// There is neither a name nor a file that loads.
    pub fn project_name(&self) -> Result<String, Failure> {
        if let Some(name) = self.named_without_files() {
            return Ok(name.to_owned());
        }
        match (self.quietly_loaded(), self.variable("COMPOSE_PROJECT_NAME")) {
            (Some(loaded), _) => Ok(loaded.project.name.clone()),
            (None, Some(name)) => Ok(name.to_owned()),
            // Loads once more for the errors, which were not shown the first time.
            (None, None) => Ok(self.load(&[])?.project.name),
        }
    }

    /// The project of the files; `None` when there are none, or when a name alone says which project is meant.
    pub fn project(&self) -> Option<&Project> {
        if self.named_without_files().is_some() {
            return None;
        }
        self.quietly_loaded().map(|loaded| &loaded.project)
    }

    /// The name of `-p`, when no file was named.
    fn named_without_files(&self) -> Option<&str> {
        let name = self.globals.project_name.as_deref().filter(|name| !name.is_empty());
        name.filter(|_| self.globals.files.is_empty())
    }

    /// Whether the project's name comes from the command line or the environment.
    pub fn names_project(&self) -> bool {
        let flag = self.globals.project_name.as_deref().is_some_and(|name| !name.is_empty());
        flag || self.variable("COMPOSE_PROJECT_NAME").is_some()
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

/// The user's folder for what can be fetched again (XDG base directory specification 0.8).
fn cache_folder<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Option<PathBuf> {
    let given = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    given.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))
}

fn non_empty<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}
