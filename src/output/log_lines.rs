//! Log lines of several containers: `web-1  | text`, each container in a colour of its own (compose-surface 3.10).

use std::collections::BTreeMap;
use std::io::Write;

use console::{Color, Style as Paint};

/// The order in which containers get colours; after these come the same in bold.
const COLOURS: [Color; 5] = [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::Blue];

/// Writes whole lines with a prefix. Parts of lines wait until their end comes.
#[derive(Debug, Default)]
pub struct LogLines {
    prefix: bool,
    colours: bool,
    width: usize,
    paints: BTreeMap<String, Paint>,
    pending: BTreeMap<(String, Stream), Vec<u8>>,
}

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl LogLines {
    /// A writer; `prefix` puts the source in front, `colours` colours it.
    pub fn new(prefix: bool, colours: bool) -> LogLines {
        LogLines { prefix, colours, ..LogLines::default() }
    }

    /// Makes room for a source, so that columns stay aligned from the first line on.
    pub fn announce(&mut self, source: &str) {
        self.width = self.width.max(source.chars().count());
        let next = self.paints.len();
        self.paints.entry(source.to_owned()).or_insert_with(|| paint(next));
    }

    /// Takes output of `source`; whole lines are written, with `stamp` between prefix and text.
    pub fn write(&mut self, source: &str, stream: Stream, stamp: Option<&str>, bytes: &[u8]) {
        self.announce(source);
        let key = (source.to_owned(), stream);
        let mut buffer = self.pending.remove(&key).unwrap_or_default();
        buffer.extend_from_slice(bytes);
        let whole = buffer.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let rest = buffer.split_off(whole);
        for line in buffer.split_inclusive(|&byte| byte == b'\n') {
            self.line(source, stream, stamp, line);
        }
        if !rest.is_empty() {
            self.pending.insert(key, rest);
        }
    }

    /// Writes what is left of `source` though its line has no end: the source is gone.
    pub fn finish(&mut self, source: &str) {
        for stream in [Stream::Out, Stream::Err] {
            if let Some(mut rest) = self.pending.remove(&(source.to_owned(), stream)) {
                rest.push(b'\n');
                self.line(source, stream, None, &rest);
            }
        }
    }

    /// A notice of ours about a source, as `web-1 exited with code 0`.
    pub fn notice(&mut self, source: &str, text: &str) {
        self.finish(source);
        let erase = if self.colours { "\r\x1b[K" } else { "" };
        emit(Stream::Out, format!("{erase}{} {text}\n", self.painted(source, source)).as_bytes());
    }

    fn line(&self, source: &str, stream: Stream, stamp: Option<&str>, text: &[u8]) {
        let mut line = self.prefix_of(source).into_bytes();
        if let Some(stamp) = stamp {
            line.extend_from_slice(stamp.as_bytes());
            line.push(b' ');
        }
        line.extend_from_slice(text);
        emit(stream, &line);
    }

    fn prefix_of(&self, source: &str) -> String {
        if !self.prefix {
            return String::new();
        }
        let padded = format!("{source:<width$}  | ", width = self.width);
        self.painted(source, &padded)
    }

    fn painted(&self, source: &str, text: &str) -> String {
        match self.paints.get(source) {
            Some(paint) if self.colours => paint.clone().force_styling(true).apply_to(text).to_string(),
            _ => text.to_owned(),
        }
    }
}

fn paint(number: usize) -> Paint {
    let paint = Paint::new().fg(COLOURS[number % COLOURS.len()]);
    if number / COLOURS.len() % 2 == 1 { paint.bold() } else { paint }
}

/// Writes at once; a reader that went away is not an error of ours.
fn emit(stream: Stream, bytes: &[u8]) {
    let _ = match stream {
        Stream::Out => std::io::stdout().lock().write_all(bytes),
        Stream::Err => std::io::stderr().lock().write_all(bytes),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_as_wide_as_the_longest_source() {
        let mut lines = LogLines::new(true, false);
        lines.announce("api-1");
        lines.announce("database-1");
        assert_eq!(lines.prefix_of("api-1"), "api-1       | ");
        assert_eq!(LogLines::new(false, false).prefix_of("api-1"), "");
    }

    #[test]
    fn a_part_of_a_line_waits_for_its_end() {
        let mut lines = LogLines::new(true, false);
        lines.write("a", Stream::Out, None, b"half");
        assert_eq!(lines.pending.len(), 1);
        lines.write("a", Stream::Out, None, b" whole\n");
        assert!(lines.pending.is_empty());
    }

    #[test]
    fn colours_come_in_turn_then_bold() {
        let mut lines = LogLines::new(true, true);
        lines.announce("a");
        assert_eq!(lines.prefix_of("a"), "\u{1b}[36ma  | \u{1b}[0m");
    }
}
