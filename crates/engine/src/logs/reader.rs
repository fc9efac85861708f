//! Finding and decoding records: tail, since, until, prefixes (contract 6.10, 6.11).

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use jiff::Timestamp;

use super::record::Record;
use crate::container::LogOptions;
use crate::io::Output;

const BLOCK: usize = 64 * 1024;
/// Longer lines are no record of ours; the rest of such a file is skipped line by line.
const LONGEST_LINE: usize = 1024 * 1024;

/// Leaves only the last `count` lines of `files` (oldest first) to be read.
///
/// # Errors
/// A file cannot be read.
pub fn skip_to_tail(files: &mut Vec<File>, count: usize) -> io::Result<()> {
    let mut wanted = count;
    for index in (0..files.len()).rev() {
        let (offset, found) = tail_offset(&files[index], wanted)?;
        files[index].seek(SeekFrom::Start(offset))?;
        wanted -= found;
        if wanted == 0 {
            files.drain(..index);
            return Ok(());
        }
    }
    Ok(())
}

/// Where the last `count` lines begin, and how many lines there are from there.
fn tail_offset(file: &File, count: usize) -> io::Result<(u64, usize)> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; BLOCK];
    let mut found = 0;
    if count == 0 {
        return Ok((end, 0));
    }
    let length = end;
    while end > 0 {
        let start = end.saturating_sub(BLOCK as u64);
        let part = &mut block[..usize::try_from(end - start).unwrap_or(BLOCK)];
        file.read_exact_at(part, start)?;
        for at in (0..part.len()).rev() {
            let here = start + at as u64;
            // The newline at the very end closes the last line, it begins none.
            if part[at] == b'\n' && here + 1 != length {
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

/// Decodes the lines of files, one after the other, as long as there are any.
pub struct Reader {
    options: LogOptions,
    files: VecDeque<File>,
    unread: Vec<u8>,
    /// A record at or after `since` was seen: later ones are not compared any more.
    started: bool,
    /// A record after `until` was seen.
    ended: bool,
}

impl Reader {
    /// A reader of `files`, oldest first, from their present positions.
    pub fn new(files: Vec<File>, options: LogOptions) -> Reader {
        Reader {
            started: options.since.is_none(),
            options,
            files: files.into(),
            unread: Vec::new(),
            ended: false,
        }
    }

    /// Adds the file that replaced the last one.
    pub fn push(&mut self, file: File) {
        self.files.push_back(file);
    }

    /// Nothing will come any more.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The next records; empty at the end of the last file.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(&mut self) -> io::Result<Vec<Output>> {
        let mut outputs = Vec::new();
        while outputs.is_empty() && !self.ended {
            let Some(file) = self.files.front_mut() else { break };
            let before = self.unread.len();
            self.unread.resize(before + BLOCK, 0);
            let count = file.read(&mut self.unread[before..])?;
            self.unread.truncate(before + count);
            if count > 0 {
                self.decode(&mut outputs);
            } else if self.files.len() > 1 {
                // Its successor was known before this end was seen: nothing can be added to it any more.
                self.files.pop_front();
                self.unread.clear();
            } else {
                break;
            }
        }
        Ok(outputs)
    }

    fn decode(&mut self, outputs: &mut Vec<Output>) {
        let unread = std::mem::take(&mut self.unread);
        let mut rest = unread.as_slice();
        while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
            if let Some(record) = Record::parse(&rest[..at]) {
                outputs.extend(self.select(&record));
            }
            rest = &rest[at + 1..];
            if self.ended {
                return;
            }
        }
        if rest.len() < LONGEST_LINE {
            self.unread = rest.to_vec();
        }
    }

    fn select(&mut self, record: &Record<'_>) -> Option<Output> {
        self.started |= self.options.since.is_none_or(|since| record.time >= since);
        if self.options.until.is_some_and(|until| record.time > until) {
            self.ended = true;
        }
        let stream = record.std_stream();
        let wanted = match stream {
            crate::io::StdStream::Stdout => self.options.stdout,
            crate::io::StdStream::Stderr => self.options.stderr,
        };
        (self.started && !self.ended && wanted).then(|| Output { stream, data: self.text(record) })
    }

    fn text(&self, record: &Record<'_>) -> Bytes {
        let mut text = String::new();
        if self.options.timestamps {
            text.push_str(&full_time(record.time));
            text.push(' ');
        }
        if self.options.details {
            text.push_str(&details(record));
            text.push(' ');
        }
        text.push_str(&record.log);
        text.into()
    }
}

/// RFC 3339 with exactly nine fraction digits.
fn full_time(time: Timestamp) -> String {
    format!("{time:.9}")
}

fn details(record: &Record<'_>) -> String {
    let pair = |(key, value): (&String, &String)| format!("{}={}", query_escape(key), query_escape(value));
    record.attrs.iter().map(pair).collect::<Vec<_>>().join(",")
}

fn query_escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            b' ' => escaped.push('+'),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
