//! Log files of containers: Docker's json-file format (contract 6).
//!
//! The way of a line: [`lines`] cuts what a process wrote into records, [`record`] encodes them, [`file`] appends and rotates;
//! [`reader`] finds and decodes them again and [`follow`] goes on where the file ends. Nothing here knows processes or HTTP.

mod file;
mod follow;
mod lines;
mod options;
mod reader;
mod record;

pub use file::{Log, LogWriter};
pub use options::{LogOptionsError, LogSettings};
