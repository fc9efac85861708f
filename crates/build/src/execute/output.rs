//! A process's output: pieces of any size to lines, and the last of them for the error.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::event::{BuildEvent, EventSink, OutputStream};

/// Lines that an error shows.
const LAST_LINES: usize = 20;
/// A line longer than this is passed on in parts, in bytes.
const MAX_LINE: usize = 64 << 10;

/// Collects the output of one step.
pub(super) struct Output<'a> {
    events: &'a EventSink<'a>,
    step: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    last: VecDeque<String>,
}

impl<'a> Output<'a> {
    /// For one step.
    pub fn new(events: &'a EventSink<'a>, step: usize) -> Self {
        Self { events, step, state: Mutex::default() }
    }

    /// Takes what the process wrote.
    pub fn write(&self, stream: OutputStream, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let pending = state.pending(stream);
            pending.extend_from_slice(part);
            if pending.ends_with(b"\n") || pending.len() >= MAX_LINE {
                let line = std::mem::take(pending);
                self.send(&mut state, stream, &line);
            }
        }
    }

    /// Sends what has no line end and returns the last lines, oldest first.
    pub fn finish(self) -> Vec<String> {
        let mut state = std::mem::take(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner));
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let rest = std::mem::take(state.pending(stream));
            if !rest.is_empty() {
                self.send(&mut state, stream, &rest);
            }
        }
        state.last.into()
    }

    fn send(&self, state: &mut State, stream: OutputStream, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let line = text.trim_end_matches('\n').trim_end_matches('\r').to_owned();
        if state.last.len() == LAST_LINES {
            state.last.pop_front();
        }
        state.last.push_back(line.clone());
        (self.events)(BuildEvent::Output { step: self.step, stream, line });
    }
}

impl State {
    fn pending(&mut self, stream: OutputStream) -> &mut Vec<u8> {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines_and_the_last_ones_are_kept() {
        let seen = Mutex::new(Vec::new());
        let sink = |event| {
            if let BuildEvent::Output { line, .. } = event {
                seen.lock().unwrap().push(line);
            }
        };
        let output = Output::new(&sink, 1);
        output.write(OutputStream::Stdout, b"on");
        output.write(OutputStream::Stderr, b"warn\r\n");
        output.write(OutputStream::Stdout, b"e\ntwo\nthr");
        for number in 0..30 {
            output.write(OutputStream::Stderr, format!("{number}\n").as_bytes());
        }
        let last = output.finish();
        assert_eq!(seen.lock().unwrap()[..3], ["warn", "one", "two"]);
        assert_eq!((last.len(), last[0].as_str(), last[19].as_str()), (20, "11", "thr"));
    }
}
