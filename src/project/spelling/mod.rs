//! The little languages inside strings: byte counts, durations, ports, mounts, shell words.
//!
//! Each module turns one text into a value or says what is wrong with it; none knows about nodes, spans or files.

pub mod bytes;
pub mod duration;
pub mod float;
pub mod mount;
pub mod port;
pub mod words;

use std::ops::Range;

/// A text that is not in its little language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong.
    pub message: String,
    /// The bytes of the text that are wrong.
    pub part: Range<usize>,
}

impl Malformed {
    /// `part` is a slice of `text`; the whole text is meant where it is empty.
    pub fn new(text: &str, part: &str, message: impl Into<String>) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        let inside = !part.is_empty() && start.checked_add(part.len()).is_some_and(|end| end <= text.len());
        let range = if inside { start..start + part.len() } else { 0..text.len() };
        Self { message: message.into(), part: range }
    }
}
