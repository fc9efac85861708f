//! Variables from `.env` and `--env-file` under those of the process (compose-surface 3.3).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::discover::absolute;
use crate::project::diagnostic::Diagnostic;
use crate::project::dotenv;
use crate::project::interpolate::unset;
use crate::project::options::LoadOptions;
use crate::project::source::{SourceMap, Span};

type Variables = BTreeMap<String, String>;

/// The env files that count: those given, else those of `COMPOSE_ENV_FILES`, else `.env` in the directory.
pub fn files(options: &LoadOptions, variables: &Variables, directory: &Path) -> Vec<PathBuf> {
    let given = if options.env_files.is_empty() {
        from_variable(&options.environment)
    } else {
        options.env_files.clone()
    };
    if !given.is_empty() {
        return given.iter().map(|file| absolute(&options.current_directory, file)).collect();
    }
    let disabled = variables.get("COMPOSE_DISABLE_ENV_FILE").is_some_and(|value| is_true(value));
    let default = directory.join(".env");
    if disabled || !default.is_file() { Vec::new() } else { vec![default] }
}

fn from_variable(environment: &Variables) -> Vec<PathBuf> {
    let files = environment.get("COMPOSE_ENV_FILES").map(String::as_str).unwrap_or_default();
    files.split(',').filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "t" | "true" | "y" | "yes")
}

/// Reads env files, later over earlier; `outer` is asked first for variables in values.
///
/// # Errors
/// A file that cannot be read or holds a line that is no variable.
pub fn read(
    files: &[PathBuf],
    outer: &Variables,
    sources: &mut SourceMap,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Variables, Box<Diagnostic>> {
    let mut variables = Variables::new();
    for file in files {
        let text = super::text(file).map_err(|error| {
            let message = match error.is_missing() {
                true => format!("couldn't find env file: {}", file.display()),
                false => format!("env file {}: {error}", file.display()),
            };
            Box::new(Diagnostic::error("env-file", Span::default(), message))
        })?;
        let lookup = |name: &str| outer.get(name).cloned();
        let parsed = dotenv::parse(&text, &lookup, &variables);
        let id = sources.add(file, text);
        let at = |line: u32| sources.line(id, line);
        let parsed = parsed.map_err(|error| {
            let message = format!("failed to read {}: {error}", file.display());
            Box::new(Diagnostic::error("env-file", at(error.line), message))
        })?;
        warnings.extend(parsed.unset.iter().map(|(name, line)| unset(name, at(*line))));
        variables.extend(parsed.variables);
    }
    Ok(variables)
}

/// Adds what is missing.
pub fn fill(environment: &mut Variables, more: Variables) {
    for (name, value) in more {
        environment.entry(name).or_insert(value);
    }
}
