//! The command line: one file per command, each with its arguments and a short run function.
//!
//! Owns argument parsing and exit codes. What a command decides is decided in `plan`; what it does, in `execute`.

mod arguments;
pub mod config;
mod context;
mod failure;
mod globals;
mod ps;
mod report;
mod selection;
pub mod version;

pub use context::Context;
pub use failure::Failure;
pub use globals::{AnsiMode, Globals, ProgressMode};
