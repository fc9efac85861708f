//! Puts the lines of several containers in the order of their times.
//!
//! A line waits until every other container has a later one or no more. While logs are followed, a container that has
//! been silent for a moment holds nobody up: live output comes a moment late at most.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::line::LogLine;

/// How long a line may wait for earlier ones of other containers.
const WINDOW: Duration = Duration::from_millis(30);
/// Lines held in all before order is given up for memory.
const MOST_HELD: usize = 100_000;

/// Lines that wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// The sources go on without end.
    follow: bool,
    queues: Vec<Queue>,
    held: usize,
}

#[derive(Debug)]
struct Queue {
    lines: VecDeque<LogLine>,
    /// More may come.
    open: bool,
    heard: Instant,
}

/// What there is to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Print this.
    Line(LogLine),
    /// Ask again at this time, or when a line came.
    Wait(Instant),
    /// Nothing is there to print until a line or an end comes.
    Empty,
}

impl Merge {
    /// No sources yet; those of `follow` go on without end.
    pub fn new(follow: bool) -> Merge {
        Merge { follow, ..Merge::default() }
    }

    /// A new source; its number.
    pub fn open(&mut self, now: Instant) -> usize {
        self.queues.push(Queue { lines: VecDeque::new(), open: true, heard: now });
        self.queues.len() - 1
    }

    /// A line of source `number` came.
    pub fn push(&mut self, number: usize, line: LogLine, now: Instant) {
        let queue = &mut self.queues[number];
        queue.heard = now;
        queue.lines.push_back(line);
        self.held += 1;
    }

    /// Source `number` has no more.
    pub fn close(&mut self, number: usize) {
        self.queues[number].open = false;
    }

    /// Whether a source is closed and everything of it was given out.
    pub fn is_finished(&self, number: usize) -> bool {
        let queue = &self.queues[number];
        !queue.open && queue.lines.is_empty()
    }

    /// The next line in order, if its turn has come.
    pub fn next(&mut self, now: Instant) -> Turn {
        let heads = self.queues.iter().enumerate().filter_map(|(n, q)| Some((q.lines.front()?.time, n)));
        let Some((_, first)) = heads.min() else { return Turn::Empty };
        let silent = self.queues.iter().filter(|q| q.open && q.lines.is_empty()).map(|q| q.heard + WINDOW);
        match silent.max() {
            Some(_) if !self.follow && self.held < MOST_HELD => Turn::Empty,
            Some(until) if until > now && self.held < MOST_HELD => Turn::Wait(until),
            _ => self.take(first),
        }
    }

    fn take(&mut self, number: usize) -> Turn {
        match self.queues[number].lines.pop_front() {
            Some(line) => {
                self.held -= 1;
                Turn::Line(line)
            }
            None => Turn::Empty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Stream;

    fn line(origin: &str, time: i128) -> LogLine {
        let text = bytes::Bytes::from_static(b"x\n");
        LogLine { origin: origin.into(), stream: Stream::Out, timestamp: String::new(), time, text }
    }

    #[test]
    fn history_comes_out_by_time() {
        let now = Instant::now();
        let mut merge = Merge::new(false);
        let (a, b) = (merge.open(now), merge.open(now));
        merge.push(a, line("a", 1), now);
        assert_eq!(merge.next(now + WINDOW), Turn::Empty, "b may still have an earlier one");
        merge.push(a, line("a", 3), now);
        merge.push(b, line("b", 2), now);
        assert_eq!(merge.next(now), Turn::Line(line("a", 1)));
        assert_eq!(merge.next(now), Turn::Line(line("b", 2)));
        merge.close(b);
        assert_eq!(merge.next(now), Turn::Line(line("a", 3)));
        assert_eq!(merge.next(now), Turn::Empty);
        assert!(merge.is_finished(b) && !merge.is_finished(a));
    }

    #[test]
    fn a_silent_container_holds_nobody_up_while_logs_are_followed() {
        let now = Instant::now();
        let mut merge = Merge::new(true);
        let a = merge.open(now);
        merge.open(now);
        merge.push(a, line("a", 1), now);
        assert_eq!(merge.next(now), Turn::Wait(now + WINDOW));
        assert_eq!(merge.next(now + WINDOW), Turn::Line(line("a", 1)));
    }
}
