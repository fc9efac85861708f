//! The words typed so far, as far as they say which project is meant and where the cursor is.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ArgMatches;

use crate::cli::command::whole_command_line;
use crate::engine::{Target, TargetOptions};
use crate::project::LoadOptions;
use crate::project::environment::options_from_process;

/// A command line without the word that is being typed.
pub(super) struct Line {
    matches: ArgMatches,
}

impl Line {
    /// The one that a shell's script asks about: it stands behind the script's own arguments.
    pub(super) fn of_process() -> Option<Line> {
        let words: Vec<OsString> = std::env::args_os().collect();
        let begin = words.iter().position(|word| word == "--")? + 1;
        Line::of(&words[begin..])
    }

    fn of(words: &[OsString]) -> Option<Line> {
        let (_typed, before) = words.split_last()?;
        let matches = whole_command_line().ignore_errors(true).try_get_matches_from(before).ok()?;
        Some(Line { matches })
    }

    /// Options that load the project, forgiving everything that does not matter for names.
    pub(super) fn load_options(&self) -> Option<LoadOptions> {
        let files = self.matches.get_many::<PathBuf>("files").into_iter().flatten();
        let files = files.filter(|file| file.as_os_str() != "-").cloned().collect();
        let options = options_from_process(files).ok()?;
        Some(LoadOptions {
            project_directory: self.matches.get_one::<PathBuf>("project_directory").cloned(),
            interpolate: false,
            normalize: false,
            check_consistency: false,
            resolve_paths: false,
            resolve_environment: false,
            ..options
        })
    }

    /// The project of `-p` or `COMPOSE_PROJECT_NAME`, where the files are not what says which one is meant.
    pub(super) fn project_without_files(&self) -> Option<String> {
        if self.matches.get_many::<PathBuf>("files").is_some() {
            return None;
        }
        let given = self.matches.get_one::<String>("project_name").cloned();
        let options = self.load_options()?;
        let name = given.or_else(|| options.environment.get("COMPOSE_PROJECT_NAME").cloned());
        name.filter(|name| !name.is_empty())
    }

    /// The engine that the command would talk to.
    pub(super) fn target(&self) -> Target {
        let environment = self.load_options().map(|options| options.environment).unwrap_or_default();
        Target::choose(&TargetOptions {
            host: self.matches.get_one::<String>("host").cloned(),
            docker_host: environment.get("DOCKER_HOST").cloned(),
            root: environment.get("WHARF_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from),
        })
    }

    /// Whether the service of `exec SERVICE COMMAND…` is there already.
    pub(super) fn has_service(&self) -> bool {
        let words = self.matches.subcommand().map(|(_, matches)| matches.get_many::<String>("words"));
        words.flatten().is_some_and(|words| words.len() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Line {
        Line::of(&words.iter().map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn files_are_found_in_every_spelling() {
        let line =
            line(&["wharf", "-f", "a.yml", "-fb.yml", "--file=c.yml", "--project-directory", "d", "up", ""]);
        let options = line.load_options().unwrap();
        assert_eq!(options.files, ["a.yml", "b.yml", "c.yml"].map(PathBuf::from));
        assert_eq!(options.project_directory, Some("d".into()));
    }

    #[test]
    fn a_command_comes_after_its_service() {
        assert!(!line(&["wharf", "exec", "-u", "root", "w"]).has_service());
        assert!(line(&["wharf", "exec", "-u", "root", "web", "l"]).has_service());
    }
}
