//! Files with holes: GNU's old format and the three PAX ones.
//!
//! Owns the maps. A map is checked before use: ordered, inside the file, and not larger than what is stored.

use std::io::Read;

use super::BLOCK;
use super::pax::{Records, decimal};
use super::reader::TarError;

/// More segments than this are refused: no real file has them and each costs memory.
const MAX_SEGMENTS: usize = 1 << 16;
/// Digits of the largest 64-bit number.
const MAX_DIGITS: usize = 20;

/// A run of stored bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Where it belongs in the file.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// Checks a map against the real size of the file and the number of bytes stored.
pub(crate) fn check(segments: &[Segment], real_size: u64, stored: u64) -> Result<(), TarError> {
    let mut end = 0u64;
    let mut total = 0u64;
    for segment in segments {
        if segment.offset < end {
            return Err(TarError::Malformed("sparse segments overlap"));
        }
        end =
            segment.offset.checked_add(segment.length).ok_or(TarError::Malformed("sparse map overflows"))?;
        total = total.saturating_add(segment.length);
    }
    if end > real_size || total > stored {
        return Err(TarError::Malformed("sparse map does not fit the file"));
    }
    Ok(())
}

/// The map of an old GNU header (type `S`), reading continuation blocks from `source`.
pub(crate) fn read_old_gnu(
    header: &::tar::Header,
    mut source: impl Read,
) -> Result<(Vec<Segment>, u64), TarError> {
    let gnu = header.as_gnu().ok_or(TarError::Malformed("sparse entry without a GNU header"))?;
    let number = |value: std::io::Result<u64>| value.map_err(|_| TarError::Malformed("broken sparse header"));
    let mut segments = Vec::new();
    let mut push = |list: &[::tar::GnuSparseHeader]| -> Result<(), TarError> {
        for item in list.iter().filter(|item| !item.is_empty()) {
            segments.push(Segment { offset: number(item.offset())?, length: number(item.length())? });
        }
        bound(segments.len())
    };
    push(&gnu.sparse)?;
    let mut more = gnu.is_extended();
    while more {
        let mut block = ::tar::GnuExtSparseHeader::new();
        source.read_exact(block.as_mut_bytes()).map_err(TarError::Read)?;
        push(block.sparse())?;
        more = block.is_extended();
    }
    Ok((segments, number(gnu.real_size())?))
}

/// The map of PAX formats 0.0 and 0.1, if there is one.
pub(crate) fn from_records(records: &Records) -> Result<Option<Vec<Segment>>, TarError> {
    let numbers: Vec<u64> = match records.get("GNU.sparse.map") {
        Some(map) if !map.is_empty() => {
            map.split(|&byte| byte == b',').map(decimal).collect::<Result<_, _>>()?
        }
        Some(_) => Vec::new(),
        None => {
            let is_part = |key: &[u8]| matches!(key, b"GNU.sparse.offset" | b"GNU.sparse.numbytes");
            records
                .iter()
                .filter(|(key, _)| is_part(key))
                .map(|(_, value)| decimal(value))
                .collect::<Result<_, _>>()?
        }
    };
    if numbers.is_empty() && records.get("GNU.sparse.numblocks").is_none() {
        return Ok(None);
    }
    pairs(&numbers).map(Some)
}

/// The map of PAX format 1.0, which stands in front of the data in whole blocks: a count and as many pairs,
/// one number to a line.
pub(crate) fn read_from_data(mut source: impl Read) -> Result<Vec<Segment>, TarError> {
    let mut lines = Lines { block: [0; BLOCK], next: BLOCK };
    let count = usize::try_from(lines.number(&mut source)?).unwrap_or(usize::MAX);
    bound(count)?;
    let numbers = (0..2 * count).map(|_| lines.number(&mut source)).collect::<Result<Vec<_>, _>>()?;
    pairs(&numbers)
}

/// Reads numbers line by line and whole blocks at a time.
struct Lines {
    block: [u8; BLOCK],
    next: usize,
}

impl Lines {
    fn number(&mut self, source: &mut impl Read) -> Result<u64, TarError> {
        let mut text = Vec::new();
        loop {
            if self.next == BLOCK {
                source.read_exact(&mut self.block).map_err(TarError::Read)?;
                self.next = 0;
            }
            let byte = self.block[self.next];
            self.next += 1;
            match byte {
                b'\n' => return decimal(&text),
                _ if text.len() < MAX_DIGITS => text.push(byte),
                _ => return Err(TarError::Malformed("a sparse map's number is too long")),
            }
        }
    }
}

fn pairs(numbers: &[u64]) -> Result<Vec<Segment>, TarError> {
    bound(numbers.len() / 2)?;
    if !numbers.len().is_multiple_of(2) {
        return Err(TarError::Malformed("sparse map with an odd number of values"));
    }
    Ok(numbers.chunks_exact(2).map(|pair| Segment { offset: pair[0], length: pair[1] }).collect())
}

fn bound(segments: usize) -> Result<(), TarError> {
    if segments > MAX_SEGMENTS { Err(TarError::Malformed("too many sparse segments")) } else { Ok(()) }
}
