//! What people look at: progress, tables, log lines, diagnostics.
//!
//! Owns every byte that the program writes for a person. Decides nothing and asks no engine.

pub mod diagnostics;
mod log_lines;
mod ports;
pub mod progress;
mod style;
mod table;
pub mod time;
pub mod units;

use std::io::Write;

pub use log_lines::{LogLines, Stream};
pub use ports::{mount_name, ports, protocol};
pub use style::Style;
pub use table::Table;

/// Prints lines on standard output; a reader that went away ends it quietly.
pub fn lines(lines: impl IntoIterator<Item = String>) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
}
