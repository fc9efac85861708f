//! The edge where the process environment enters the program. The only module under `project` that reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::load;
use super::options::LoadOptions;
use super::read::{self, discover};

/// The environment of this process. Variables that are not UTF-8 are left out: no compose file can name them.
pub fn process_environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The environment of this process and, under it, the `COMPOSE_*` variables of the env files that are read before a
/// compose file is: they stand for flags as those of the process do (compose-surface 3.3).
pub fn process_with_settings(
    files: &[PathBuf],
    env_files: &[PathBuf],
    project_directory: Option<&Path>,
) -> BTreeMap<String, String> {
    let environment = process_environment();
    let Ok(current_directory) = std::env::current_dir() else { return environment };
    let options = LoadOptions {
        files: files.to_vec(),
        env_files: env_files.to_vec(),
        project_directory: project_directory.map(Path::to_path_buf),
        environment,
        current_directory,
        ..LoadOptions::default()
    };
    let mut settings = load::settings(&options);
    settings.extend(options.environment);
    settings
}

/// Options that carry this process's environment and current directory, and standard input when `files` or
/// `COMPOSE_FILE` asks for it.
///
/// # Errors
/// When the current directory is gone or standard input cannot be read.
pub fn options_from_process(files: Vec<PathBuf>) -> std::io::Result<LoadOptions> {
    let mut options = LoadOptions {
        files,
        environment: process_environment(),
        current_directory: std::env::current_dir()?,
        ..LoadOptions::default()
    };
    let named = discover::given(&options, |name| options.environment.get(name).cloned());
    if named.iter().any(|file| file == Path::new("-")) {
        options.stdin = Some(read_stdin()?);
    }
    Ok(options)
}

fn read_stdin() -> std::io::Result<Vec<u8>> {
    read::bytes(std::io::stdin().lock())
}
