//! Errors that point into a Dockerfile.

use std::fmt;

/// What is wrong, before it is known where: the innermost parsers return it and [`DockerfileError::at`] adds
/// the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The sentence, without file and line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without advice.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A problem at a line of a Dockerfile. Its text has the file, the line number, the line itself and the
/// advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerfileError {
    /// The file as the caller named it.
    pub file: String,
    /// One-based line of the instruction or directive.
    pub line: u32,
    /// The first line of the instruction as it was written.
    pub source_line: String,
    /// What is wrong there.
    pub problem: Problem,
}

impl DockerfileError {
    /// Puts a problem at a place.
    pub fn at(file: &str, line: u32, source_line: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), line, source_line: source_line.trim_end().to_owned(), problem }
    }
}

impl fmt::Display for DockerfileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.problem.message)?;
        write!(formatter, "\n  {} | {}", self.line, self.source_line)?;
        match &self.problem.help {
            Some(help) => write!(formatter, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DockerfileError {}
