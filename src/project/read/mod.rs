//! Finding and reading the files of a project.
//!
//! The only part that touches the disk. Each input is bounded: regular files of limited size, in UTF-8.

pub mod discover;
pub mod environment;
pub mod name;
pub mod remote;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{OFlags, makedev};

use super::limits::MAX_FILE;
use super::source::{FileId, Span};

/// A file that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A directory, device, socket or pipe.
    #[error("is not a regular file but a {0}")]
    NotAFile(&'static str),
    /// Larger than what any project needs.
    #[error("is larger than {} MiB", MAX_FILE >> 20)]
    TooLarge,
    /// Binary.
    #[error(transparent)]
    NotText(#[from] NotText),
}

/// Bytes that are no text.
#[derive(Debug, thiserror::Error)]
#[error("is not {expected} text: {problem}")]
pub struct NotText {
    expected: &'static str,
    problem: &'static str,
    /// The text up to the wrong bytes and the rest of their line, with a stand-in for what is no character.
    shown: String,
    /// First byte of the stand-in.
    at: usize,
}

impl ReadError {
    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, ReadError::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Where the first wrong byte of a file stands that is no text, once its readable part is among the sources; nowhere
    /// for other errors.
    pub fn place(&self, add: impl FnOnce(String) -> FileId) -> Span {
        let ReadError::NotText(NotText { shown, at, .. }) = self else { return Span::default() };
        let length = shown[*at..].chars().next().map_or(0, char::len_utf8);
        Span::in_text(add(shown.clone()), shown, *at..*at + length)
    }
}

/// The text of a file.
///
/// # Errors
/// When it is missing, no regular file, too large or no text. The error does not name the path.
pub fn text(path: &Path) -> Result<String, ReadError> {
    let metadata = fs::metadata(path)?;
    if is_null_device(&metadata) {
        return Ok(String::new());
    }
    if is_own_descriptor(path) && !metadata.is_dir() {
        return utf8(bytes(File::open(path)?)?);
    }
    // Looked at before it is opened, because opening alone makes some devices act.
    check(&metadata)?;
    // And after: meanwhile the name may have come to mean a pipe, which must not make anybody wait.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    check(&file.metadata()?)?;
    utf8(bytes(file)?)
}

fn check(metadata: &Metadata) -> Result<(), ReadError> {
    if !metadata.is_file() {
        return Err(ReadError::NotAFile(kind(metadata)));
    }
    if metadata.len() > MAX_FILE { Err(ReadError::TooLarge) } else { Ok(()) }
}

fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "directory",
        () if kind.is_fifo() => "pipe",
        () if kind.is_socket() => "socket",
        () => "device",
    }
}

/// `/dev/null` is how people say "no file".
fn is_null_device(metadata: &Metadata) -> bool {
    metadata.file_type().is_char_device() && metadata.rdev() == makedev(1, 3)
}

/// A shell's `<(…)` and `/dev/stdin`: whatever is behind them, the user has opened it for us and waiting for it is meant.
fn is_own_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd")
}

/// Everything that can be read, up to one byte more than is allowed.
///
/// # Errors
/// When reading fails.
pub fn bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes as text: UTF-8, or UTF-16 that begins with a byte order mark (what Windows shells write).
///
/// # Errors
/// When they are too many or neither.
pub fn utf8(bytes: Vec<u8>) -> Result<String, ReadError> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(ReadError::TooLarge);
    }
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        _ => {}
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (good, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let rest = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        not_text(
            "UTF-8",
            "this is no character of it; save the file as UTF-8",
            &String::from_utf8_lossy(good),
            &String::from_utf8_lossy(rest),
        )
    })?;
    without_zero(text)
}

/// A zero byte ends a text for the kernel and for most programs, so no attribute and no variable can hold one.
fn without_zero(text: String) -> Result<String, ReadError> {
    let Some(at) = text.find('\0') else { return Ok(text) };
    let (good, rest) = text.split_at(at);
    let problem = "control characters are not allowed, and this is a zero byte; remove it";
    Err(not_text("readable", problem, good, rest.lines().next().unwrap_or_default()))
}

fn not_text(expected: &'static str, problem: &'static str, good: &str, rest: &str) -> ReadError {
    NotText { expected, problem, shown: format!("{good}{rest}"), at: good.len() }.into()
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ReadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(character) => text.push(character),
            Err(_) => return Err(not_utf16("half of a character stands alone here", &text)),
        }
    }
    if rest.is_empty() {
        without_zero(text)
    } else {
        Err(not_utf16("half a character is missing here", &text))
    }
}

fn not_utf16(problem: &'static str, good: &str) -> ReadError {
    not_text("UTF-16", problem, good, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::utf8;

    #[test]
    fn utf_16_with_a_mark_is_text() {
        assert_eq!(utf8(b"\xff\xfea\0\n\0".to_vec()).expect("little"), "a\n");
        assert_eq!(utf8(b"\xfe\xff\0a\xd8\x3d\xde\x00".to_vec()).expect("big"), "a\u{1f600}");
        for bad in [b"\xff\xfea".as_slice(), b"\xff\xfe\0\xd8", b"\n\xff"] {
            assert!(utf8(bad.to_vec()).is_err(), "{bad:?}");
        }
    }
}
