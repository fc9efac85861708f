//! Records of the `local` driver (contract 6.8): a big-endian length, the protobuf message `LogEntry`, and the length again, so that
//! a file can be read backwards. The bytes of a line are kept as they are.

use std::borrow::Cow;

use super::format::{Found, time_of};
use super::lines::LineState;
use super::record::Record;
use crate::io::StdStream;

/// Bytes of a length.
const LENGTH: usize = 4;
/// Longer ones are no records of ours.
const LONGEST: usize = 1024 * 1024;

/// Protobuf keys: field number and wire type (0 number, 2 bytes).
const SOURCE: u8 = 1 << 3 | 2;
const TIME: u8 = 2 << 3;
const LINE: u8 = 3 << 3 | 2;
const PARTIAL: u8 = 4 << 3;
const PARTIAL_DETAILS: u8 = 5 << 3 | 2;
const IS_LAST: u8 = 1 << 3;

/// Appends one record. The newline is not kept: every record ends a line but partial ones that are not the last of theirs.
pub fn write(buffer: &mut Vec<u8>, text: &[u8], stream: StdStream, line: LineState) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; LENGTH]);
    let source = match stream {
        StdStream::Stdout => b"stdout",
        StdStream::Stderr => b"stderr",
    };
    write_bytes(buffer, SOURCE, source);
    buffer.push(TIME);
    write_number(buffer, i64::try_from(line.time.as_nanosecond()).unwrap_or(i64::MAX).cast_unsigned());
    let ended = text.strip_suffix(b"\n");
    write_bytes(buffer, LINE, ended.unwrap_or(text));
    if line.continued || ended.is_none() {
        buffer.extend_from_slice(&[PARTIAL, 1]);
        write_bytes(buffer, PARTIAL_DETAILS, if ended.is_some() { &[IS_LAST, 1] } else { &[] });
    }
    let length = u32::try_from(buffer.len() - start - LENGTH).unwrap_or_default().to_be_bytes();
    buffer[start..start + LENGTH].copy_from_slice(&length);
    buffer.extend_from_slice(&length);
}

fn write_bytes(buffer: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    buffer.push(key);
    write_number(buffer, bytes.len() as u64);
    buffer.extend_from_slice(bytes);
}

fn write_number(buffer: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        buffer.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    buffer.push(number as u8);
}

/// Looks at the beginning of `data`.
pub fn read(data: &[u8]) -> Found<'_> {
    let Some(length) = length_at(data, 0) else { return Found::Incomplete };
    if length > LONGEST {
        return Found::Damaged(data.len());
    }
    let whole = length + 2 * LENGTH;
    match data.get(LENGTH..LENGTH + length) {
        Some(message) if data.len() >= whole => {
            read_message(message).map_or(Found::Damaged(whole), |record| Found::Record(record, whole))
        }
        _ => Found::Incomplete,
    }
}

/// A length in a file.
pub fn length_at(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..at + LENGTH)?;
    usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
}

/// How many bytes a record takes whose message has this length.
pub fn whole(length: usize) -> usize {
    length + 2 * LENGTH
}

fn read_message(mut rest: &[u8]) -> Option<Record<'_>> {
    let mut record = Record::default();
    let (mut partial, mut last) = (false, false);
    while let Some((&key, tail)) = rest.split_first() {
        rest = tail;
        if key & 7 == 2 {
            let length = usize::try_from(read_number(&mut rest)?).ok()?;
            let (bytes, tail) = rest.split_at_checked(length)?;
            rest = tail;
            match key {
                SOURCE if bytes == b"stderr" => record.stream = StdStream::Stderr,
                LINE => record.text = Cow::Borrowed(bytes),
                PARTIAL_DETAILS => last = bytes.starts_with(&[IS_LAST, 1]),
                _ => {}
            }
        } else {
            let number = read_number(&mut rest)?;
            match key {
                TIME => record.time = time_of(number.cast_signed()),
                PARTIAL => partial = number == 1,
                _ => {}
            }
        }
    }
    if !partial || last {
        record.text.to_mut().push(b'\n');
    }
    Some(record)
}

fn read_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_what_docker_writes() {
        let mut buffer = Vec::new();
        let line = LineState { continued: false, time: time_of(300) };
        write(&mut buffer, b"hi\n", StdStream::Stderr, line);
        let message = b"\x0a\x06stderr\x10\xac\x02\x1a\x02hi";
        let length = (message.len() as u32).to_be_bytes();
        assert_eq!(buffer, [&length[..], message, &length].concat());
    }

    #[test]
    fn any_bytes_come_back() {
        let state = |continued| LineState { continued, time: time_of(1_700_000_000_123_456_789) };
        let pieces: [(&[u8], bool); 4] =
            [(b"\xff\x00plain\r\n", false), (b"first ", false), (b"last\n", true), (b"cut off", false)];
        let mut buffer = Vec::new();
        for (text, continued) in pieces {
            write(&mut buffer, text, StdStream::Stdout, state(continued));
        }
        let mut rest = buffer.as_slice();
        for (text, _) in pieces {
            let Found::Record(record, used) = read(rest) else { panic!("no record") };
            assert_eq!((&*record.text, record.time), (text, state(false).time));
            assert_eq!(length_at(rest, used - LENGTH).map(whole), Some(used));
            rest = &rest[used..];
        }
        assert!(matches!(read(&buffer[..9]), Found::Incomplete));
        assert!(matches!(read(&[0xff; 64]), Found::Damaged(64)));
    }
}
