//! Cuts a stream of bytes into the texts of records (contract 6.1).

use jiff::Timestamp;

/// A longer line becomes several partial records.
const LONGEST: usize = 16 * 1024;

/// How a line goes on after a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineState {
    /// The line already gave a partial record.
    pub continued: bool,
    /// The time of the line's first record: all of them have it.
    pub time: Timestamp,
}

impl Default for LineState {
    fn default() -> LineState {
        LineState { continued: false, time: Timestamp::UNIX_EPOCH }
    }
}

/// The next record's text at the beginning of `data`, with its newline unless the record is partial; `None` when the line is not
/// finished and not too long either. `ended`: nothing will come any more.
pub fn first(data: &[u8], ended: bool) -> Option<&[u8]> {
    let window = &data[..data.len().min(LONGEST)];
    match memchr::memchr(b'\n', window) {
        Some(at) => Some(&data[..=at]),
        None if window.len() == LONGEST => Some(&window[..LONGEST - incomplete_tail(window)]),
        None if ended && !data.is_empty() => Some(data),
        None => None,
    }
}

/// How many bytes at the end begin a UTF-8 character that does not end in `text`: it stays whole in the next record.
fn incomplete_tail(text: &[u8]) -> usize {
    let start = text.len().saturating_sub(3);
    let tail = &text[start..];
    match tail.iter().rposition(|&byte| byte >= 0xc0) {
        Some(at) if tail.len() - at < width(tail[at]) => tail.len() - at,
        _ => 0,
    }
}

fn width(lead: u8) -> usize {
    match lead {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(mut data: &[u8], ended: bool) -> Vec<&[u8]> {
        let mut texts = Vec::new();
        while let Some(text) = first(data, ended) {
            texts.push(text);
            data = &data[text.len()..];
        }
        texts
    }

    #[test]
    fn an_unfinished_line_waits_for_its_end() {
        let lines = [b"one\n".as_slice(), b"\n", b"two\n"];
        assert_eq!(cut(b"one\n\ntwo\nrest", false), lines);
        assert_eq!(cut(b"one\n\ntwo\nrest", true), [&lines[..], &[b"rest"]].concat());
        assert_eq!(first(b"", true), None);
    }

    #[test]
    fn long_lines_are_continued() {
        let line = [vec![b'x'; LONGEST * 2 + 5], b"\nnext\n".to_vec()].concat();
        let shape: Vec<_> = cut(&line, false).iter().map(|text| text.len()).collect();
        assert_eq!(shape, [LONGEST, LONGEST, 6, 5]);
    }

    #[test]
    fn no_character_is_cut() {
        let line = format!("{}€\n", "x".repeat(LONGEST - 1));
        let texts = cut(line.as_bytes(), false);
        assert!(texts.iter().all(|text| std::str::from_utf8(text).is_ok()));
        assert_eq!(texts.concat(), line.as_bytes());
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_where_they_are() {
        let line = vec![0xff; LONGEST + 7];
        assert_eq!(cut(&line, true).concat(), line);
    }
}
