//! What a stage knows at one of its lines: the image configuration so far and the variables (contract 8.3).

use indexmap::IndexMap;
use wharf_image::{ImageConfig, Platform};

use super::DEFAULT_PATH;
use crate::expand::{ExpandError, Expander};

/// Grows line by line; a stage built `FROM` another starts with a copy of its last state.
#[derive(Debug, Clone)]
pub(crate) struct StageState {
    /// The configuration of the image, as far as it is known.
    pub image: ImageConfig,
    /// What `$name` means here: `ENV`s and `ARG`s, the later line wins (contract 8.3.4).
    pub variables: IndexMap<String, String>,
    /// The `ARG`s in order, empty where they have no value; history shows them.
    pub arguments: IndexMap<String, String>,
    /// Whether this stage itself has a `CMD`: `ENTRYPOINT` resets only an inherited one (contract 8.2.8).
    pub has_own_command: bool,
}

impl StageState {
    /// The state right after `FROM scratch`.
    pub fn scratch(platform: &Platform) -> Self {
        let mut image = ImageConfig::new(platform);
        image.config.working_dir = "/".to_owned();
        Self::from_image(image)
    }

    /// The state right after `FROM` an image. Its triggers are taken off: they have been put into the stage
    /// (contract 8.2.10).
    pub fn from_image(mut image: ImageConfig) -> Self {
        image.config.on_build.clear();
        let pairs = image.config.env.iter().map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut state = Self { image, variables, arguments: IndexMap::new(), has_own_command: false };
        if !state.variables.contains_key("PATH") {
            state.set_environment("PATH", DEFAULT_PATH);
        }
        state
    }

    /// The state right after `FROM` a stage that ended with this state.
    pub fn inherited(&self) -> Self {
        let mut state = Self { has_own_command: false, ..self.clone() };
        state.image.config.on_build.clear();
        state
    }

    /// `ENV`.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        let pair = format!("{name}={value}");
        let own = |known: &String| known.split_once('=').map_or(known.as_str(), |(name, _)| name) == name;
        match self.image.config.env.iter_mut().find(|known| own(known)) {
            Some(known) => *known = pair,
            None => self.image.config.env.push(pair),
        }
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// `ARG` with a value.
    pub fn set_argument(&mut self, name: &str, value: String) {
        self.arguments.insert(name.to_owned(), value.clone());
        self.variables.insert(name.to_owned(), value);
    }

    /// The directory that relative paths start from.
    pub fn working_directory(&self) -> &str {
        match self.image.config.working_dir.as_str() {
            "" => "/",
            directory => directory,
        }
    }

    /// The words before a shell-form command.
    pub fn shell(&self) -> Vec<String> {
        let default = || vec!["/bin/sh".to_owned(), "-c".to_owned()];
        self.image.config.shell.clone().filter(|shell| !shell.is_empty()).unwrap_or_else(default)
    }

    /// Calls `expand` with an expander for this state's variables.
    pub fn expand<T>(
        &self,
        escape: char,
        expand: impl FnOnce(Expander) -> Result<T, ExpandError>,
    ) -> Result<T, ExpandError> {
        let lookup = |name: &str| self.variables.get(name).cloned();
        expand(Expander { escape, lookup: &lookup })
    }

    /// One text expanded to one word.
    pub fn word(&self, escape: char, text: &str) -> Result<String, ExpandError> {
        self.expand(escape, |expander| expander.word(text))
    }
}
