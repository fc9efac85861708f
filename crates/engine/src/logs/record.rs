//! One record of a log, and the clock that records are stamped with.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::io::StdStream;

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
#[derive(Debug)]
pub struct Record<'a> {
    /// The text, with its newline unless it is partial.
    pub text: Cow<'a, [u8]>,
    /// Where it was written.
    pub stream: StdStream,
    /// Attributes of the container that were asked for.
    pub attrs: BTreeMap<String, String>,
    /// When it was written.
    pub time: Timestamp,
}

impl Default for Record<'_> {
    fn default() -> Self {
        Record {
            text: Cow::Borrowed(&[]),
            stream: StdStream::Stdout,
            attrs: BTreeMap::new(),
            time: Timestamp::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
