//! What runs, and how it ends: `wharf engine status` and `wharf engine stop`.

use rustix::event::{PollFd, PollFlags, poll};

use super::StartError;
use super::client::running;
use super::lock::PidFile;
use crate::paths::EnginePaths;

const SIGTERM: i32 = 15;

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
pub async fn status(paths: &EnginePaths) -> Result<Option<Status>, StartError> {
    let file =
        PidFile::of_running(paths).map_err(|error| StartError::new("cannot find the engine", &error))?;
    let Some(file) = file else { return Ok(None) };
    let running = running(paths).await.unwrap_or_default();
    Ok(Some(Status { monitor: file.monitor.pid, worker: file.worker.pid, running }))
}

/// Ends the engine and waits for its end. With `force` it stops running containers first, gracefully. False when none ran.
///
/// # Errors
/// Containers run and `force` is not set (named in the text), or the engine cannot be told.
pub async fn stop(paths: &EnginePaths, force: bool) -> Result<bool, StartError> {
    let failed = |error: std::io::Error| StartError::new("cannot end the engine", &error);
    let file =
        PidFile::of_running(paths).map_err(|error| StartError::new("cannot find the engine", &error))?;
    let Some(file) = file else { return Ok(false) };
    let names = running(paths).await.unwrap_or_default();
    if !names.is_empty() && !force {
        let text = "containers run; stop them first, or use --force to have the engine stop them";
        return Err(StartError(format!("{text}: {}", names.join(", "))));
    }
    let pidfd = file.monitor.open().map_err(failed)?;
    pidfd.send_signal(SIGTERM).map_err(failed)?;
    let wait = move || poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None).map(|_| ());
    match tokio::task::spawn_blocking(wait).await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(errno)) => Err(failed(errno.into())),
        Err(error) => Err(failed(std::io::Error::other(error))),
    }
}
