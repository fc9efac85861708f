//! One record of a json-file log, written and read (contract 6.2, 6.3).
//!
//! Writing is the hot path of log capture: it appends to a buffer and allocates nothing.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::io::StdStream;

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

/// Gives records their times; formatting of the second is done once per second.
#[derive(Default)]
pub struct Clock {
    last: Timestamp,
    second: Option<i64>,
    text: Vec<u8>,
}

impl Clock {
    /// A time at or after `now` and later than all given before: readers go on after the last time that they saw.
    pub fn tick(&mut self, now: Timestamp) -> Timestamp {
        const STEP: jiff::SignedDuration = jiff::SignedDuration::from_nanos(1);
        self.last = now.max(self.last.saturating_add(STEP).unwrap_or(Timestamp::MAX));
        self.last
    }

    /// RFC 3339 in UTC with up to nine fraction digits, trailing zeros trimmed.
    pub fn format(&mut self, time: Timestamp) -> &[u8] {
        const PREFIX: usize = "2026-11-21T10:00:00".len();
        if self.second != Some(time.as_second()) {
            self.second = Some(time.as_second());
            self.text = time.to_string().into_bytes();
        }
        self.text.truncate(PREFIX);
        push_fraction(&mut self.text, time.subsec_nanosecond().unsigned_abs());
        self.text.push(b'Z');
        &self.text
    }
}

fn push_fraction(text: &mut Vec<u8>, nanoseconds: u32) {
    if nanoseconds == 0 {
        return;
    }
    let mut digits = [b'0'; 9];
    let mut rest = nanoseconds;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    let end = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |at| at + 1);
    text.push(b'.');
    text.extend_from_slice(&digits[..end]);
}

/// A record read back.
#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    /// The text, with its newline unless it is partial.
    #[serde(borrow)]
    pub log: Cow<'a, str>,
    /// `stdout` or `stderr`.
    #[serde(borrow)]
    pub stream: Cow<'a, str>,
    /// Attributes of the container that were asked for.
    #[serde(default)]
    pub attrs: std::collections::BTreeMap<String, String>,
    /// When it was written.
    pub time: Timestamp,
}

impl Record<'_> {
    /// Decodes one line of a file; `None` for a line that was cut off by a crash.
    pub fn parse(line: &[u8]) -> Option<Record<'_>> {
        serde_json::from_slice(line).ok()
    }

    /// The stream as a number.
    pub fn std_stream(&self) -> StdStream {
        if self.stream == "stderr" { StdStream::Stderr } else { StdStream::Stdout }
    }
}

#[cfg(test)]
mod tests {
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
        let mut clock = Clock::default();
        let time: Timestamp = "2026-11-21T10:00:00.120000000Z".parse().unwrap();
        let mut buffer = Vec::new();
        write(&mut buffer, b"hi\n", StdStream::Stderr, b"{\"a\":\"b\"}", clock.format(time));
        let expected =
            r#"{"log":"hi\n","stream":"stderr","attrs":{"a":"b"},"time":"2026-11-21T10:00:00.12Z"}"#;
        assert_eq!(buffer, format!("{expected}\n").into_bytes());
        let record = Record::parse(&buffer).unwrap();
        assert_eq!((&*record.log, record.std_stream(), record.time), ("hi\n", StdStream::Stderr, time));
    }

    #[test]
    fn times_grow_even_within_one_reading_of_the_clock() {
        let mut clock = Clock::default();
        let now = Timestamp::now();
        let times: Vec<_> = (0..1000).map(|_| clock.tick(now)).collect();
        assert!(times.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_whole_second_has_no_fraction() {
        let time: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(Clock::default().format(time), b"2026-11-21T10:00:00Z");
    }
}
