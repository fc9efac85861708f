//! The `.env` dialect of Compose (compose-surface 3.3), and `env_file` in its `raw` form.
//!
//! Turns text into variables; reading files and deciding which value wins is the caller's.

mod parser;

use std::collections::BTreeMap;

use super::interpolate::template::Variables;
use super::limits::MAX_DIAGNOSTICS;

/// A line that is no variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct DotenvError {
    /// Line, from 1.
    pub line: u32,
    /// What is wrong.
    pub problem: String,
}

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Variables by name. A name alone takes its value from the lookup and is absent when there is none.
    pub variables: BTreeMap<String, String>,
    /// The lines that the variables were set on, from 1.
    pub lines: BTreeMap<String, u32>,
    /// Variables named in values that had no value, with their lines.
    pub unset: Vec<(String, u32)>,
}

impl Parsed {
    fn set(&mut self, name: &str, value: String, line: u32) {
        self.variables.insert(name.to_owned(), value);
        self.lines.insert(name.to_owned(), line);
    }
}

/// Reads dotenv text. Values may name variables: `lookup` is asked first, then earlier lines, then `before` (the files
/// read before this one).
///
/// # Errors
/// The first line that is no variable, or a `${NAME:?}` without a value.
pub fn parse(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    before: &BTreeMap<String, String>,
) -> Result<Parsed, DotenvError> {
    parser::Parser::new(text, lookup, before).parse()
}

/// Reads `KEY=VALUE` lines as they are: no quotes, no variables, `#` only at the start of a line.
///
/// # Errors
/// A line without a name, or a name with white space in it.
pub fn parse_raw(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Parsed, DotenvError> {
    let mut parsed = Parsed::default();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(DotenvError {
                line: number,
                problem: format!("invalid environment variable: {line:?}"),
            });
        }
        if let Some(value) = value.map(str::to_owned).or_else(|| lookup(name)) {
            parsed.set(name, value, number);
        }
    }
    Ok(parsed)
}

/// Values for templates in dotenv text.
struct Scope<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    earlier: &'a BTreeMap<String, String>,
    before: &'a BTreeMap<String, String>,
    unset: Vec<String>,
}

impl Variables for Scope<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).or_else(|| self.earlier.get(name).or_else(|| self.before.get(name)).cloned())
    }

    fn unset(&mut self, name: &str) {
        if self.unset.len() <= MAX_DIAGNOSTICS {
            self.unset.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
