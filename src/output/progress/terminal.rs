//! Progress on a terminal: one line per thing, redrawn in place.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::{Progress, ProgressEvent, Status};
use crate::output::harmless;
use crate::output::units::seconds;

/// Live view.
pub struct TerminalProgress {
    bars: MultiProgress,
    header: ProgressBar,
    title: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: HashMap<String, Row>,
    finished: usize,
    /// Nothing is drawn any more.
    over: bool,
}

struct Row {
    bar: ProgressBar,
    since: Instant,
    done: bool,
    /// Bytes of the parts that were heard of, by part.
    parts: HashMap<String, (u64, u64)>,
}

impl TerminalProgress {
    /// A view whose header names the command.
    pub fn new(title: &str) -> TerminalProgress {
        let bars = MultiProgress::new();
        let header = bars.add(ProgressBar::new_spinner().with_style(message_style("{msg}")));
        TerminalProgress { bars, header, title: title.to_owned(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere while drawing leaves nothing inconsistent here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_row(&self) -> Row {
        let bar = self
            .bars
            .add(ProgressBar::new_spinner().with_style(message_style(" {spinner} {wide_msg} {time}")));
        bar.enable_steady_tick(Duration::from_millis(100));
        Row { bar, since: Instant::now(), done: false, parts: HashMap::new() }
    }

    fn update_header(&self, state: &State) {
        self.header.set_message(format!("[+] {} {}/{}", self.title, state.finished, state.rows.len()));
    }
}

fn message_style(template: &str) -> ProgressStyle {
    let parsed = ProgressStyle::with_template(template);
    let parsed = parsed.unwrap_or_else(|_| ProgressStyle::default_spinner());
    let time = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
        // Text that cannot be written is text that nobody sees.
        let _ = text.write_str(&seconds(state.elapsed()));
    };
    parsed.with_key("time", time).tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

impl Progress for TerminalProgress {
    fn event(&self, event: &ProgressEvent) {
        let mut state = self.state();
        let id = if event.parent.is_empty() { &event.id } else { &event.parent };
        let row = state.rows.entry(id.clone()).or_insert_with(|| self.new_row());
        if !event.parent.is_empty() {
            row.parts.insert(event.id.clone(), event.bytes);
            row.bar.set_message(format!("{id} {}", parts_text(&row.parts)));
            return;
        }
        let was_done = row.done;
        draw(row, event);
        row.done = event.status != Status::Working;
        let is_done = row.done;
        state.finished = state.finished + usize::from(is_done) - usize::from(was_done);
        self.update_header(&state);
    }

    fn line(&self, _id: &str, text: &str) {
        // Printing above the rows fails only when the terminal is gone.
        let _ = self.bars.println(text);
    }

    fn warning(&self, text: &str) {
        let _ = self.bars.println(format!("{} {}", style("WARNING:").yellow(), harmless(text)));
    }

    fn aside(&self, write: &mut dyn FnMut()) {
        if self.state().over {
            write();
        } else {
            self.bars.suspend(write);
        }
    }

    fn finish(&self) {
        let mut state = self.state();
        state.over = true;
        for row in state.rows.values() {
            row.bar.abandon();
        }
        self.header.abandon();
    }
}

fn draw(row: &mut Row, event: &ProgressEvent) {
    let text = format!("{} {} {}", event.id, event.text, event.details);
    let text = harmless(&text).into_owned();
    if event.status == Status::Working {
        row.bar.set_message(text);
        return;
    }
    let mark = match event.status {
        Status::Error => style("✘").red(),
        Status::Warning => style("!").yellow(),
        _ => style("✔").green(),
    };
    row.bar.set_style(message_style(" {wide_msg} {prefix:.dim}"));
    row.bar.set_prefix(seconds(row.since.elapsed()));
    row.bar.set_message(format!("{mark} {}", text.trim_end()));
    row.bar.disable_steady_tick();
    row.bar.tick();
}

fn parts_text(parts: &HashMap<String, (u64, u64)>) -> String {
    let (done, total) = parts.values().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let size = |bytes: u64| super::super::units::human_size(i64::try_from(bytes).unwrap_or(i64::MAX));
    format!("{}/{} in {} parts", size(done), size(total), parts.len())
}
