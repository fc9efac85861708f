//! Finding and decoding records: tail, since, until, prefixes (contract 6.10, 6.11).

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use jiff::Timestamp;

use super::format::{Format, Found};
use super::record::Record;
use crate::container::LogOptions;
use crate::io::Output;

const BLOCK: usize = 64 * 1024;

/// Decodes the lines of files, one after the other, as long as there are any.
pub struct Reader {
    options: LogOptions,
    format: Format,
    files: VecDeque<File>,
    unread: Vec<u8>,
    /// A record at or after `since` was seen: later ones are not compared any more.
    started: bool,
    /// A record after `until` was seen.
    ended: bool,
}

impl Reader {
    /// A reader of `files`, oldest first, from their present positions.
    pub fn new(files: Vec<File>, format: Format, options: LogOptions) -> Reader {
        Reader {
            format,
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
        while !self.ended {
            match self.format.decode(rest) {
                Found::Record(record, used) => {
                    outputs.extend(self.select(&record));
                    rest = &rest[used..];
                }
                Found::Damaged(used) => rest = &rest[used..],
                Found::Incomplete => break,
            }
        }
        self.unread = rest.to_vec();
    }

    fn select(&mut self, record: &Record<'_>) -> Option<Output> {
        self.started |= self.options.since.is_none_or(|since| record.time >= since);
        if self.options.until.is_some_and(|until| record.time > until) {
            self.ended = true;
        }
        let stream = record.stream;
        let wanted = match stream {
            crate::io::StdStream::Stdout => self.options.stdout,
            crate::io::StdStream::Stderr => self.options.stderr,
        };
        (self.started && !self.ended && wanted).then(|| Output { stream, data: self.text(record) })
    }

    fn text(&self, record: &Record<'_>) -> Bytes {
        let mut prefix = String::new();
        if self.options.timestamps {
            prefix.push_str(&full_time(record.time));
            prefix.push(' ');
        }
        if self.options.details {
            prefix.push_str(&details(record));
            prefix.push(' ');
        }
        [prefix.as_bytes(), &record.text].concat().into()
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
