//! The command line: one file per command, each with its arguments and a short run function.
//!
//! Owns argument parsing and exit codes. What a command decides is decided in `plan`; what it does, in `execute`.

mod arguments;
mod attach;
mod attached;
mod build;
mod command;
mod commit;
pub mod config;
mod context;
mod cp;
mod create;
mod detach_keys;
mod down;
mod engine;
mod events;
mod exec;
mod export;
mod failure;
mod globals;
mod images;
mod kill;
mod logs;
mod ls;
mod pause;
mod plan;
mod port;
mod ps;
mod pull;
mod push;
mod reconcile;
mod report;
mod restart;
mod rm;
mod run;
mod scale;
mod seccomp;
mod selection;
mod session;
mod start;
mod stats;
mod stdio;
mod stop;
mod support;
mod terminal;
mod top;
mod unpause;
mod up;
pub mod version;
mod volumes;
mod wait;

pub use command::main;
pub use context::Context;
pub use failure::Failure;
pub use globals::{AnsiMode, Globals, ProgressMode};
