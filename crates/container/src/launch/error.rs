//! Errors of the child: what failed, on what, why, and which exit code Docker gives that.

use std::error::Error;
use std::io;

use crate::launch_failure::Stage;

/// Docker's exit code for a start that failed for another reason (contract 1.11.5).
pub(super) const CANNOT_START: i32 = 128;
/// For a command that was found but cannot be executed.
pub(super) const CANNOT_EXECUTE: i32 = 126;
/// For a command that was not found.
pub(super) const NOT_FOUND: i32 = 127;

/// Why the child gives up.
#[derive(Debug)]
pub(crate) struct SetupError {
    pub(super) stage: Stage,
    pub(super) message: String,
    pub(super) exit_code: i32,
}

impl SetupError {
    pub(super) fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), exit_code: CANNOT_START }
    }

    pub(super) fn with_exit_code(self, exit_code: i32) -> Self {
        Self { exit_code, ..self }
    }
}

/// Says at which stage and on what an operation failed.
pub(super) trait At<T> {
    fn at(self, stage: Stage, what: impl FnOnce() -> String) -> Result<T, SetupError>;
}

impl<T, E: Error + 'static> At<T> for Result<T, E> {
    fn at(self, stage: Stage, what: impl FnOnce() -> String) -> Result<T, SetupError> {
        self.map_err(|error| SetupError::new(stage, format!("{}: {}", what(), describe(&error))))
    }
}

/// An error with its causes, in the words of the C library without Rust's additions.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = words(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {}", words(error));
        cause = error.source();
    }
    text
}

/// `No such file or directory (os error 2)` as Docker's users know it: `no such file or directory`.
fn words(error: &(dyn Error + 'static)) -> String {
    let text = error.to_string();
    let code = match (error.downcast_ref::<io::Error>(), error.downcast_ref::<rustix::io::Errno>()) {
        (Some(error), _) => error.raw_os_error(),
        (None, errno) => errno.map(|errno| errno.raw_os_error()),
    };
    let Some(code) = code else { return text };
    let plain = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
    let mut letters = plain.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_read_as_in_docker() {
        let missing = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(describe(&missing), "no such file or directory");
        assert_eq!(describe(&rustix::io::Errno::PERM), "operation not permitted");
        assert_eq!(describe(&io::Error::other("As it is")), "As it is");
    }
}
