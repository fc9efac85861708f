//! Lines of container output as the engine's log stream carries them.

use bollard::container::LogOutput;
use bytes::Bytes;
use jiff::Timestamp;

use crate::output::Stream;

/// One line, or the part of one that an engine delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct LogLine {
    /// Name of the container, for people.
    pub origin: String,
    /// Where the container wrote it.
    pub stream: Stream,
    /// The engine's time as it came, RFC 3339 with nanoseconds.
    pub timestamp: String,
    /// The same in nanoseconds since 1970; orders lines of several containers.
    pub time: i128,
    /// The text, with its newline.
    pub text: Bytes,
}

/// The lines in one frame of the stream. Text without a time belongs to the line before it, at `last`.
pub(super) fn lines(origin: &str, output: &LogOutput, last: i128) -> Vec<LogLine> {
    let (stream, message) = match output {
        LogOutput::StdErr { message } => (Stream::Err, message),
        LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
            (Stream::Out, message)
        }
    };
    let mut last = last;
    let mut all = Vec::new();
    let mut start = 0;
    for piece in message.split_inclusive(|byte| *byte == b'\n') {
        let end = start + piece.len();
        let (timestamp, time, skip) = stamp(piece).unwrap_or((String::new(), last, 0));
        last = time;
        let text = message.slice(start + skip..end);
        all.push(LogLine { origin: origin.to_owned(), stream, timestamp, time, text });
        start = end;
    }
    all
}

/// The time in front of a line, and how many bytes it takes with the blank after it.
fn stamp(piece: &[u8]) -> Option<(String, i128, usize)> {
    let end = piece.iter().take(64).position(|byte| *byte == b' ' || *byte == b'\n')?;
    let text = std::str::from_utf8(&piece[..end]).ok()?;
    let time: Timestamp = text.parse().ok()?;
    let skip = if piece[end] == b' ' { end + 1 } else { end };
    Some((text.to_owned(), time.as_nanosecond(), skip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_may_hold_several_lines() {
        let message = Bytes::from_static(
            b"2026-01-01T00:00:00.5Z one\n2026-01-01T00:00:01Z two\n2026-01-01T00:00:01Z \n",
        );
        let lines = lines("web-1", &LogOutput::StdErr { message }, 0);
        assert_eq!(
            lines.iter().map(|l| l.text.as_ref()).collect::<Vec<_>>(),
            [b"one\n".as_ref(), b"two\n", b"\n"]
        );
        assert_eq!(lines[0].timestamp, "2026-01-01T00:00:00.5Z");
        assert!(lines[0].time < lines[1].time);
        assert_eq!(lines[0].stream, Stream::Err);
    }

    #[test]
    fn text_without_a_time_continues_the_line_before() {
        let message = Bytes::from_static(b"rest of a long line\n");
        let lines = lines("web-1", &LogOutput::StdOut { message }, 7);
        assert_eq!((lines[0].time, lines[0].text.as_ref()), (7, b"rest of a long line\n".as_ref()));
    }
}
