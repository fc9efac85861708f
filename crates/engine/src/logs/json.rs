//! Records of a json-file log, written and read (contract 6.2, 6.3).
//!
//! Writing is the hot path of log capture: it appends to a buffer and allocates nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::format::Found;
use super::record::Record;
use crate::io::StdStream;

/// Longer lines are no records of ours.
const LONGEST: usize = 1024 * 1024;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// What a byte needs in a JSON string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// Nothing.
    None,
    /// A backslash and this letter.
    Short(u8),
    /// `\u00XX`.
    Unicode,
    /// It may begin U+2028 or U+2029.
    Separator,
}

const ESCAPES: [Escape; 256] = escapes();

const fn escapes() -> [Escape; 256] {
    let mut table = [Escape::None; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = Escape::Unicode;
        byte += 1;
    }
    table[b'\n' as usize] = Escape::Short(b'n');
    table[b'\r' as usize] = Escape::Short(b'r');
    table[b'"' as usize] = Escape::Short(b'"');
    table[b'\\' as usize] = Escape::Short(b'\\');
    table[b'<' as usize] = Escape::Unicode;
    table[b'>' as usize] = Escape::Unicode;
    table[b'&' as usize] = Escape::Unicode;
    table[0xe2] = Escape::Separator;
    table
}

/// Appends one record. `attributes` is an encoded object or empty.
pub fn write(buffer: &mut Vec<u8>, text: &[u8], stream: StdStream, attributes: &[u8], time: &[u8]) {
    buffer.extend_from_slice(b"{\"log\":\"");
    write_text(buffer, text);
    buffer.extend_from_slice(match stream {
        StdStream::Stdout => b"\",\"stream\":\"stdout\"".as_slice(),
        StdStream::Stderr => b"\",\"stream\":\"stderr\"".as_slice(),
    });
    if !attributes.is_empty() {
        buffer.extend_from_slice(b",\"attrs\":");
        buffer.extend_from_slice(attributes);
    }
    buffer.extend_from_slice(b",\"time\":\"");
    buffer.extend_from_slice(time);
    buffer.extend_from_slice(b"\"}\n");
}

fn write_text(buffer: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        write_valid(buffer, chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            buffer.extend_from_slice(b"\\ufffd");
        }
    }
}

/// Copies runs of plain bytes at once.
fn write_valid(buffer: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| ESCAPES[usize::from(byte)] != Escape::None) {
        buffer.extend_from_slice(&rest[..at]);
        rest = &rest[at + write_escaped(buffer, &rest[at..])..];
    }
    buffer.extend_from_slice(rest);
}

/// Writes what stands at the beginning of `text`; gives how many bytes that was.
fn write_escaped(buffer: &mut Vec<u8>, text: &[u8]) -> usize {
    let byte = text[0];
    match ESCAPES[usize::from(byte)] {
        Escape::Short(letter) => buffer.extend_from_slice(&[b'\\', letter]),
        Escape::Unicode => {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            buffer.extend_from_slice(&[b'\\', b'u', b'0', b'0', digits[0], digits[1]]);
        }
        Escape::Separator if text.starts_with(&[0xe2, 0x80, 0xa8]) => {
            buffer.extend_from_slice(b"\\u2028");
            return 3;
        }
        Escape::Separator if text.starts_with(&[0xe2, 0x80, 0xa9]) => {
            buffer.extend_from_slice(b"\\u2029");
            return 3;
        }
        Escape::None | Escape::Separator => buffer.push(byte),
    }
    1
}

/// A record as it is in the file.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(default)]
    attrs: BTreeMap<String, String>,
    time: Timestamp,
}

/// Looks at the beginning of `data`.
pub fn read(data: &[u8]) -> Found<'_> {
    match memchr::memchr(b'\n', data) {
        Some(at) => parse(&data[..at]).map_or(Found::Damaged(at + 1), |record| Found::Record(record, at + 1)),
        None if data.len() >= LONGEST => Found::Damaged(data.len()),
        None => Found::Incomplete,
    }
}

fn parse(line: &[u8]) -> Option<Record<'_>> {
    let line: Line<'_> = serde_json::from_slice(line).ok()?;
    let text = match line.log {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    let stream = if line.stream == "stderr" { StdStream::Stderr } else { StdStream::Stdout };
    Some(Record { text, stream, attrs: line.attrs, time: line.time })
}

#[cfg(test)]
mod tests {
    use super::super::record::Clock;
    use super::*;

    fn encoded(text: &[u8]) -> String {
        let mut buffer = Vec::new();
        write_text(&mut buffer, text);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn escapes_are_dockers() {
        assert_eq!(encoded(b"a<b>&\"\\\x01\r\n\t"), r#"a\u003cb\u003e\u0026\"\\\u0001\r\n\u0009"#);
        assert_eq!(encoded("\u{2028}\u{2029}é€".as_bytes()), "\\u2028\\u2029é€");
        assert_eq!(encoded(b"x\xff\xfey"), "x\\ufffd\\ufffdy");
    }

    #[test]
    fn a_record_has_dockers_order_and_reads_back() {
        let time: Timestamp = "2026-11-21T10:00:00.120000000Z".parse().unwrap();
        let mut buffer = Vec::new();
        write(&mut buffer, b"hi\n", StdStream::Stderr, b"{\"a\":\"b\"}", Clock::default().format(time));
        let expected =
            r#"{"log":"hi\n","stream":"stderr","attrs":{"a":"b"},"time":"2026-11-21T10:00:00.12Z"}"#;
        assert_eq!(buffer, format!("{expected}\n").into_bytes());
        let Found::Record(record, used) = read(&buffer) else { panic!("no record") };
        assert_eq!(
            (&*record.text, record.stream, record.time),
            (b"hi\n".as_slice(), StdStream::Stderr, time)
        );
        assert_eq!(used, buffer.len());
        assert!(matches!(read(&buffer[..9]), Found::Incomplete));
        assert!(matches!(read(b"{\"log\":\"cut o\nx"), Found::Damaged(14)));
    }
}
