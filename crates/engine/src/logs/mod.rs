//! Log files of containers: Docker's json-file and local formats (contract 6).
//!
//! The way of a line: [`journal`] keeps what was taken from the process, [`lines`] cuts it into the texts of records, [`format`]
//! encodes them, [`writer`] and [`file`] append and rotate, [`compress`] packs what was rotated away; [`tail`] and [`reader`] find and
//! decode records again and [`follow`] goes on where the file ends. Nothing here knows processes or HTTP.

mod compress;
mod file;
mod follow;
mod format;
mod journal;
mod json;
mod lines;
mod local;
mod options;
mod reader;
mod record;
mod tag;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

pub use file::Log;
pub use format::Format;
pub use options::{LogOptionsError, LogSettings};
pub use tag::TagSource;
pub use writer::LogWriter;
