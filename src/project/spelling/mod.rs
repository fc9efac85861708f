//! The little languages inside strings: byte counts, durations, ports, mounts, shell words.
//!
//! Each module turns one text into a value or says what is wrong with it; none knows about nodes, spans or files.

pub mod bytes;
pub mod duration;
pub mod float;
pub mod mount;
pub mod port;
pub mod words;
