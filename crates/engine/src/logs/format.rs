//! The two formats of log files: Docker's json-file and its `local`.

use jiff::Timestamp;

use super::lines::LineState;
use super::record::{Clock, Record};
use super::{json, local};
use crate::io::StdStream;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of JSON per record; text only: bytes that are no UTF-8 are replaced, as Docker does.
    Json,
    /// Length, protobuf message, length; any bytes.
    Local,
}

/// What stands at the beginning of a piece of a file.
pub enum Found<'a> {
    /// A record and how many bytes it takes.
    Record(Record<'a>, usize),
    /// This many bytes that are no record: cut off by a crash, or written by somebody else.
    Damaged(usize),
    /// The beginning of a record at most.
    Incomplete,
}

impl Format {
    /// Appends one record. `attributes` is an encoded JSON object or empty.
    pub fn encode(
        self,
        buffer: &mut Vec<u8>,
        text: &[u8],
        stream: StdStream,
        attributes: &[u8],
        line: LineState,
        clock: &mut Clock,
    ) {
        match self {
            Format::Json => json::write(buffer, text, stream, attributes, clock.format(line.time)),
            Format::Local => local::write(buffer, text, stream, line),
        }
    }

    /// Looks at the beginning of `data`.
    pub fn decode(self, data: &[u8]) -> Found<'_> {
        match self {
            Format::Json => json::read(data),
            Format::Local => local::read(data),
        }
    }
}

/// Nanoseconds since 1970 as a time.
pub fn time_of(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or(Timestamp::UNIX_EPOCH)
}
