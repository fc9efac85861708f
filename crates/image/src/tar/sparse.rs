//! Files with holes: GNU's old format and the three PAX ones.
//!
//! Owns the maps. A map is checked before use: ordered, inside the file, and not larger than what is stored.

use std::io::Read;

use super::BLOCK;
use super::pax::{Records, decimal};
use super::reader::TarError;

/// More segments than this are refused: no real file has them and each costs memory.
const MAX_SEGMENTS: usize = 1 << 16;

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
        total += segment.length;
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

/// The map of PAX format 1.0, which stands in front of the data. Also returns how many bytes it took.
pub(crate) fn read_from_data(mut source: impl Read) -> Result<(Vec<Segment>, u64), TarError> {
    let mut block = [0u8; BLOCK];
    let mut blocks = 0u64;
    let mut numbers: Vec<u64> = Vec::new();
    let mut text = Vec::new();
    let complete =
        |numbers: &[u64]| numbers.first().is_some_and(|&count| numbers.len() as u64 == 1 + 2 * count);
    while !complete(&numbers) {
        source.read_exact(&mut block).map_err(TarError::Read)?;
        blocks += 1;
        for &byte in &block {
            match byte {
                _ if complete(&numbers) => break,
                b'\n' => numbers.push(decimal(&std::mem::take(&mut text))?),
                _ => text.push(byte),
            }
        }
        bound(numbers.len() / 2)?;
        bound(numbers.first().map_or(0, |&count| usize::try_from(count).unwrap_or(usize::MAX)))?;
    }
    Ok((pairs(&numbers[1..])?, blocks * BLOCK as u64))
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
