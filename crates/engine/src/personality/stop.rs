//! What runs, and how it ends: `wharf engine status` and `wharf engine stop`.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::process::Signal;

use super::StartError;
use super::client::running;
use super::lock::PidFile;
use crate::paths::EnginePaths;

/// To the monitor: the worker stops all containers, each with its grace, and the engine ends.
const END: Signal = Signal::TERM;
/// To the worker: it kills the containers instead, also those that are being stopped.
pub(super) const AT_ONCE: Signal = Signal::QUIT;

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

/// Ends the engine and waits for its end. With `force` it kills running containers. False when none ran.
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
        let text = "containers run; stop them first, or use --force to kill them";
        return Err(StartError(format!("{text}: {}", names.join(", "))));
    }
    let pidfd = file.monitor.open().map_err(failed)?;
    if force {
        // A worker that has just ended has a successor, which the other signal reaches.
        let _ = file.worker.open().and_then(|worker| worker.send_signal(AT_ONCE.as_raw()));
    }
    pidfd.send_signal(END.as_raw()).map_err(failed)?;
    let wait = move || retry_on_intr(|| poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None)).map(|_| ());
    match tokio::task::spawn_blocking(wait).await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(errno)) => Err(failed(errno.into())),
        Err(error) => Err(failed(std::io::Error::other(error))),
    }
}
