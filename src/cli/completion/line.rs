//! The words typed so far, as far as they say which project is meant.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::project::LoadOptions;
use crate::project::environment::options_from_process;

/// Options that load the project that the command line names, forgiving everything that does not matter for names.
pub(super) fn load_options(words: &[OsString]) -> Option<LoadOptions> {
    let named = named(words);
    let files = named.files.into_iter().filter(|file| *file != PathBuf::from("-")).collect();
    let options = options_from_process(files).ok()?;
    Some(LoadOptions {
        project_directory: named.directory,
        interpolate: false,
        normalize: false,
        check_consistency: false,
        resolve_paths: false,
        resolve_environment: false,
        ..options
    })
}

/// What flags before the command name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    files: Vec<PathBuf>,
    directory: Option<PathBuf>,
}

fn named(words: &[OsString]) -> Named {
    let mut named = Named::default();
    let mut words = words.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        match flag {
            "-f" | "--file" => named.files.extend(value.or_else(|| words.next()).map(PathBuf::from)),
            "--project-directory" => named.directory = value.or_else(|| words.next()).map(PathBuf::from),
            joined if joined.starts_with("-f") => named.files.push(joined[2..].into()),
            _ => {}
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_every_spelling() {
        let words = ["wharf", "-f", "a.yml", "-fb.yml", "--file=c.yml", "--project-directory", "d", "up", ""];
        let found = named(&words.map(OsString::from));
        assert_eq!(found.files, ["a.yml", "b.yml", "c.yml"].map(PathBuf::from));
        assert_eq!(found.directory, Some("d".into()));
    }
}
