//! Tar archives as images use them: ustar, PAX and GNU headers, sparse files, extended attributes.
//!
//! Owns the format, reading and writing. It touches no file system: the layer code decides what an entry may
//! do. The `tar` crate decodes single header blocks; the sequence is read here, because every length that an
//! archive claims has to be bounded before memory is given to it, and because PAX values may contain
//! newlines.

mod entry;
mod pax;
mod reader;
mod sparse;
mod writer;

pub use entry::{Entry, Kind};
pub(crate) use reader::printable;
pub use reader::{TarError, TarReader};
pub use sparse::Segment;
pub use writer::TarWriter;

/// Archives are sequences of blocks of this many bytes.
pub(crate) const BLOCK: usize = 512;

/// Bytes that fill up the last block of `size` bytes of data.
pub(crate) fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}
