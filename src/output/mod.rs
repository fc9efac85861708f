//! What people look at: progress, tables, log lines, diagnostics.
//!
//! Owns every byte that the program writes for a person. Decides nothing and asks no engine.

pub mod diagnostics;
mod footer;
pub mod graph;
mod harmless;
mod listing;
mod log_lines;
pub mod plan;
mod ports;
pub mod progress;
mod style;
mod table;
pub mod template;
pub mod time;
pub mod timings;
pub mod units;
pub mod why;

use std::io::Write;

pub use footer::{AboveFooter, Footer};
pub use harmless::harmless;
pub use listing::{Format, LABEL, Listing, entry};
pub use log_lines::{LogLines, Stream};
pub use ports::{mount_name, ports, protocol};
pub use style::{AnsiMode, Style};
pub use table::Table;

/// Least width of columns in lists of the docker client, which some commands of Docker Compose use too.
pub const CLIENT_WIDTH: usize = 10;
/// Least width of columns in lists of Docker Compose.
pub const COMPOSE_WIDTH: usize = 20;

/// The first twelve digits of an engine id, with or without the name of its hash.
pub fn short_id(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

/// Prints text on standard output and ends its last line; a reader that went away ends it quietly.
pub fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    // As in `lines`: nobody is left who could be told.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes()));
}

/// Prints lines on standard output; a reader that went away ends it quietly.
pub fn lines(lines: impl IntoIterator<Item = String>) {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
}
