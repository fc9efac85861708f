//! Variables from `.env` and `--env-file` under those of the process (compose-surface 3.3).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::discover::absolute;
use crate::project::diagnostic::Diagnostic;
use crate::project::dotenv::{self, Parsed};
use crate::project::interpolate::unset;
use crate::project::limits::keep_warnings;
use crate::project::options::LoadOptions;
use crate::project::origin::{Sources, VariableSource};
use crate::project::source::{FileId, SourceMap, Span};

type Variables = BTreeMap<String, String>;

/// The env files that count: those given, else those of `COMPOSE_ENV_FILES`, else `.env` in the directory.
///
/// # Errors
/// `COMPOSE_DISABLE_ENV_FILE` is no boolean.
pub fn files(
    options: &LoadOptions,
    variables: &Variables,
    directory: &Path,
) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let given = if options.env_files.is_empty() {
        from_variable(&options.environment)
    } else {
        options.env_files.clone()
    };
    if !given.is_empty() {
        return Ok(given.iter().map(|file| absolute(&options.current_directory, file)).collect());
    }
    let disabled = variables.get("COMPOSE_DISABLE_ENV_FILE").map_or(Ok(false), |text| boolean(text))?;
    let default = directory.join(".env");
    Ok(if disabled || !default.is_file() { Vec::new() } else { vec![default] })
}

fn from_variable(environment: &Variables) -> Vec<PathBuf> {
    let files = environment.get("COMPOSE_ENV_FILES").map(String::as_str).unwrap_or_default();
    files.split(',').filter(|file| !file.is_empty()).map(PathBuf::from).collect()
}

/// The words that Compose takes for this variable, and no others.
fn boolean(text: &str) -> Result<bool, Box<Diagnostic>> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => {
            let message = format!("COMPOSE_DISABLE_ENV_FILE: {text:?} is no boolean");
            let error = Diagnostic::error("env-file", Span::default(), message);
            Err(Box::new(error.with_help("set it to true or false, or unset it")))
        }
    }
}

/// Variables of env files.
#[derive(Debug, Default)]
pub struct FileVariables {
    /// Their values.
    pub values: Variables,
    /// The lines that set them.
    pub places: BTreeMap<String, Span>,
}

impl FileVariables {
    /// What was read from a text.
    pub fn new(parsed: Parsed, id: FileId, sources: &SourceMap) -> Self {
        let places = parsed.lines.into_iter().map(|(name, line)| (name, sources.line(id, line)));
        Self { places: places.collect(), values: parsed.variables }
    }

    /// Puts `later` over these.
    pub fn extend(&mut self, later: Self) {
        self.values.extend(later.values);
        self.places.extend(later.places);
    }

    /// Adds what is missing, and where it was set.
    pub fn fill(self, environment: &mut Variables, sources: &mut Sources) {
        for (name, value) in self.values {
            if environment.contains_key(&name) {
                continue;
            }
            if let Some(span) = self.places.get(&name) {
                sources.insert(name.clone(), VariableSource::File(*span));
            }
            environment.insert(name, value);
        }
    }
}

/// Reads env files, later over earlier; `outer` is asked first for variables in values. Messages name the files as seen
/// from `current_directory`.
///
/// # Errors
/// A file that cannot be read or holds a line that is no variable.
pub fn read(
    files: &[PathBuf],
    outer: &Variables,
    current_directory: &Path,
    sources: &mut SourceMap,
    warnings: &mut Vec<Diagnostic>,
) -> Result<FileVariables, Box<Diagnostic>> {
    let mut read = FileVariables::default();
    for file in files {
        let shown = file.strip_prefix(current_directory).unwrap_or(file);
        let text = super::text(file).map_err(|error| {
            let message = match error.is_missing() {
                true => format!("couldn't find env file: {}", file.display()),
                false => format!("env file {}: {error}", file.display()),
            };
            let place = error.place(|text| sources.add(shown, text));
            Box::new(Diagnostic::error("env-file", place, message))
        })?;
        let lookup = |name: &str| outer.get(name).cloned();
        let parsed = dotenv::parse(&text, &lookup, &read.values);
        let id = sources.add(shown, text);
        let at = |line: u32| sources.line(id, line);
        let parsed = parsed.map_err(|error| {
            let message = format!("failed to read {}: {error}", file.display());
            Box::new(Diagnostic::error("env-file", at(error.line), message))
        })?;
        keep_warnings(warnings, parsed.unset.iter().map(|(name, line)| unset(name, at(*line))));
        read.extend(FileVariables::new(parsed, id, sources));
    }
    Ok(read)
}
