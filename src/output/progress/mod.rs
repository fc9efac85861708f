//! Progress of a running plan: one kind of event, four ways to show it (compose-surface 3.11).

mod json;
mod plain;
mod quiet;
mod terminal;

pub use json::JsonProgress;
pub use plain::PlainProgress;
pub use quiet::QuietProgress;
pub use terminal::TerminalProgress;

use std::sync::Arc;

use clap::ValueEnum;

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// `tty` on a terminal, else `plain`.
    #[default]
    Auto,
    /// Lines that are redrawn.
    Tty,
    /// One line per change.
    Plain,
    /// One JSON object per change.
    Json,
    /// Nothing.
    #[value(alias = "none")]
    Quiet,
}

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Going on.
    Working,
    /// Finished.
    Done,
    /// Finished, but the user should look.
    Warning,
    /// Failed.
    Error,
}

/// One change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressEvent {
    /// What ("Container app-web-1").
    pub id: String,
    /// Part of this (a layer of an image); empty: of nothing.
    pub parent: String,
    /// How far.
    pub status: Status,
    /// One or two words ("Creating").
    pub text: String,
    /// More, where there is more ("already in use").
    pub details: String,
    /// Bytes done and in total, 0 when unknown.
    pub bytes: (u64, u64),
}

impl ProgressEvent {
    /// An event without parent, details and byte counts.
    pub fn new(id: impl Into<String>, status: Status, text: impl Into<String>) -> ProgressEvent {
        ProgressEvent {
            id: id.into(),
            parent: String::new(),
            status,
            text: text.into(),
            details: String::new(),
            bytes: (0, 0),
        }
    }

    /// The same with details.
    #[must_use]
    pub fn with_details(self, details: impl Into<String>) -> ProgressEvent {
        ProgressEvent { details: details.into(), ..self }
    }
}

/// Shows progress.
pub trait Progress: Send + Sync {
    /// Something changed.
    fn event(&self, event: &ProgressEvent);
    /// A line of output of something that runs (a build).
    fn line(&self, id: &str, text: &str);
    /// A sentence for the user.
    fn warning(&self, text: &str);
    /// Writes what belongs to others on the same screen, while nothing is drawn in its way.
    fn aside(&self, write: &mut dyn FnMut()) {
        write();
    }
    /// Nothing more comes; what is drawn is final.
    fn finish(&self);
}

impl ProgressMode {
    /// The view, given whether standard error is a terminal that may be drawn on.
    pub fn view(self, title: &str, terminal: bool) -> Arc<dyn Progress> {
        match self {
            ProgressMode::Auto if terminal => Arc::new(TerminalProgress::new(title)),
            ProgressMode::Auto | ProgressMode::Plain => Arc::new(PlainProgress),
            ProgressMode::Tty => Arc::new(TerminalProgress::new(title)),
            ProgressMode::Json => Arc::new(JsonProgress),
            ProgressMode::Quiet => Arc::new(QuietProgress),
        }
    }
}
