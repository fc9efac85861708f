//! The processes of the engine: the monitor, the worker, and the command that starts them.

mod client;
mod idle;
mod leftovers;
mod lock;
mod monitor;
mod open;
mod start;
mod stop;
mod worker;

pub use monitor::run_monitor;
pub use start::ensure_running;
pub use stop::{Status, status, stop};
pub use worker::{WorkerOptions, run_worker};

/// Why the engine could not be started, reached or ended; the whole text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

impl StartError {
    /// What was tried, and why it failed, with all causes.
    fn new(what: impl std::fmt::Display, why: &dyn std::error::Error) -> StartError {
        let mut text = format!("{what}: {why}");
        let mut cause = why.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        StartError(text)
    }
}
