//! The processes of the engine: the monitor, the worker, and the command that starts them.

use std::io;

use crate::paths::EnginePaths;

/// Why the engine could not be started, reached or ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// `wharf engine run`: becomes the monitor and starts the worker. Must be called before any thread exists. Returns the exit code.
///
/// # Errors
/// Not root, the root directory cannot be used, or another engine holds it.
pub fn run_monitor(paths: &EnginePaths) -> Result<i32, StartError> {
    Err(StartError(format!("{} cannot be used yet", paths.root().display())))
}

/// `wharf engine worker`: serves the API until the engine ends. Called by the monitor only. Returns the exit code.
///
/// # Errors
/// Not started by a monitor, or the state cannot be read.
pub fn run_worker(paths: &EnginePaths) -> Result<i32, StartError> {
    Err(StartError(format!("{} cannot be used yet", paths.root().display())))
}

/// Starts the engine unless it answers already; returns when it answers.
///
/// # Errors
/// It cannot be started; the text ends with the last lines of its log.
pub async fn ensure_running(paths: &EnginePaths) -> Result<(), StartError> {
    Err(StartError(format!("{} cannot be used yet", paths.root().display())))
}

/// What `wharf engine status` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Process id of the monitor.
    pub monitor: i32,
    /// Process id of the worker.
    pub worker: i32,
    /// Names of running containers, sorted.
    pub running: Vec<String>,
}

/// The running engine; `None` when there is none.
///
/// # Errors
/// The pid file cannot be read.
pub async fn status(paths: &EnginePaths) -> io::Result<Option<Status>> {
    let _ = paths;
    Ok(None)
}

/// Ends the engine and waits for its end. With `force` it stops running containers first, gracefully. False when none ran.
///
/// # Errors
/// Containers run and `force` is not set (named in the text).
pub async fn stop(paths: &EnginePaths, force: bool) -> Result<bool, StartError> {
    let _ = (paths, force);
    Ok(false)
}
