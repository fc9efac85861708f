//! Finding and reading the files of a project.
//!
//! The only part that touches the disk. Each input is bounded: regular files of limited size, in UTF-8.

pub mod discover;
pub mod environment;
pub mod name;

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Largest compose or env file, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// A file that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A directory, socket or pipe.
    #[error("is not a regular file")]
    NotAFile,
    /// Larger than what any project needs.
    #[error("is larger than {} MiB", MAX_FILE >> 20)]
    TooLarge,
    /// Binary.
    #[error("is not UTF-8 text (first bad byte on line {line})")]
    NotText {
        /// Line of the first byte that is not UTF-8.
        line: usize,
    },
}

impl ReadError {
    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, ReadError::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// The text of a file.
///
/// # Errors
/// When it is missing, no regular file, too large or not UTF-8. The error does not name the path.
pub fn text(path: &Path) -> Result<String, ReadError> {
    // The usual way to say "no file".
    if path == Path::new("/dev/null") {
        return Ok(String::new());
    }
    let kind = fs::metadata(path)?.file_type();
    // A shell's `<(…)` is a pipe below /dev/fd; any other pipe would block for ever.
    let from_shell = kind.is_fifo() && (path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd"));
    if !kind.is_file() && !from_shell {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    utf8(bytes)
}

/// Bytes as text.
///
/// # Errors
/// When they are too many or not UTF-8.
pub fn utf8(bytes: Vec<u8>) -> Result<String, ReadError> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(ReadError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        ReadError::NotText { line }
    })
}
