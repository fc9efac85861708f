//! Finding the last records of a log without reading what is before them (contract 6.10).

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::file::LogFile;
use super::format::Format;
use super::local;

const BLOCK: usize = 64 * 1024;
/// Bytes of a length in the `local` format.
const LENGTH: u64 = 4;

/// The files that hold the last `count` records of `files` (oldest first), positioned at the first of them. Files before them are
/// not even expanded.
///
/// # Errors
/// A file cannot be read or expanded.
pub fn last_records(
    files: Vec<LogFile>,
    count: usize,
    format: Format,
    directory: &Path,
) -> io::Result<Vec<File>> {
    let mut wanted = count;
    let mut found = Vec::new();
    for (index, file) in files.into_iter().rev().enumerate() {
        // The newest one in any case: a reader that follows goes on in it.
        if wanted == 0 && index > 0 {
            break;
        }
        let mut file = file.expand(directory)?;
        let (offset, records) = match format {
            Format::Json => last_lines(&file, wanted)?,
            Format::Local => last_messages(&file, wanted)?,
        };
        file.seek(SeekFrom::Start(offset))?;
        wanted -= records;
        found.push(file);
    }
    found.reverse();
    Ok(found)
}

/// Where the last `count` lines begin, and how many lines there are from there.
fn last_lines(file: &File, count: usize) -> io::Result<(u64, usize)> {
    let length = file.metadata()?.len();
    let mut end = length;
    let mut block = vec![0; BLOCK];
    let mut found = 0;
    if count == 0 {
        return Ok((end, 0));
    }
    while end > 0 {
        let start = end.saturating_sub(BLOCK as u64);
        let part = &mut block[..usize::try_from(end - start).unwrap_or(BLOCK)];
        file.read_exact_at(part, start)?;
        for at in memchr::memrchr_iter(b'\n', part) {
            let here = start + at as u64;
            // The newline at the very end closes the last line, it begins none.
            if here + 1 != length {
                found += 1;
                if found == count {
                    return Ok((here + 1, found));
                }
            }
        }
        end = start;
    }
    Ok((0, if length == 0 { 0 } else { found + 1 }))
}

/// As [`last_lines`]: each message has its length behind it too.
fn last_messages(file: &File, count: usize) -> io::Result<(u64, usize)> {
    let mut end = file.metadata()?.len();
    for found in 0..count {
        let mut length = [0; LENGTH as usize];
        if end < LENGTH || file.read_exact_at(&mut length, end - LENGTH).is_err() {
            return Ok((end, found));
        }
        let whole = local::length_at(&length, 0).map_or(u64::MAX, |length| local::whole(length) as u64);
        match end.checked_sub(whole) {
            Some(start) => end = start,
            // Cut off by a crash: what is before cannot be found from here, and is read from the beginning.
            None => return Ok((0, found)),
        }
    }
    Ok((end, count))
}
