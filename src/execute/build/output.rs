//! The output of a build: shown as progress, its end kept for the error message.

use std::collections::VecDeque;

use console::strip_ansi_codes;

use crate::execute::Runner;
use crate::plan::desired::BuildRequest;

/// Lines kept for the message of a failed build.
const KEPT: usize = 20;

/// Collects the lines of one build.
pub(super) struct Output<'r> {
    runner: &'r Runner,
    id: String,
    partial: String,
    last: VecDeque<String>,
}

impl<'r> Output<'r> {
    pub(super) fn new(runner: &'r Runner, request: &BuildRequest) -> Output<'r> {
        let id = format!("Image {}", request.image);
        Output { runner, id, partial: String::new(), last: VecDeque::new() }
    }

    /// Takes a piece of output, which may hold parts of lines.
    pub(super) fn take(&mut self, text: &str) {
        self.partial.push_str(text);
        while let Some(end) = self.partial.find('\n') {
            let line: String = self.partial.drain(..=end).collect();
            self.line(strip_ansi_codes(line.trim_end()).trim_end());
        }
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        if !self.runner.build.quiet {
            self.runner.progress.line(&self.id, line);
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }

    /// The last lines so far.
    pub(super) fn last_lines(&mut self) -> Vec<String> {
        let rest = std::mem::take(&mut self.partial);
        self.line(strip_ansi_codes(rest.trim_end()).trim_end());
        self.last.iter().cloned().collect()
    }
}
