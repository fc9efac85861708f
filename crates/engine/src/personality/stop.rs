//! What runs, and how it ends: `wharf engine status` and `wharf engine stop`.

use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::Signal;
use wharf_container::process::Pidfd;

use super::StartError;
use super::client::running;
use super::lock::PidFile;
use crate::paths::EnginePaths;

/// To the monitor: the worker stops all containers, each with its grace, and the engine ends.
const END: Signal = Signal::TERM;
/// To the worker: it kills the containers instead, also those that are being stopped.
pub(super) const AT_ONCE: Signal = Signal::QUIT;
/// How often it is looked whether the worker is still the same.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

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
    let failed = |error: io::Error| StartError::new("cannot end the engine", &error);
    let file =
        PidFile::of_running(paths).map_err(|error| StartError::new("cannot find the engine", &error))?;
    let Some(file) = file else { return Ok(false) };
    let names = running(paths).await.unwrap_or_default();
    if !names.is_empty() && !force {
        let text = "containers run; stop them first, or use --force to kill them";
        return Err(StartError(format!("{text}: {}", names.join(", "))));
    }
    let waited = {
        let paths = paths.clone();
        move || end(&paths, file, force)
    };
    match tokio::task::spawn_blocking(waited).await {
        Ok(result) => result.map(|()| true).map_err(failed),
        Err(error) => Err(failed(io::Error::other(error))),
    }
}

/// Tells the engine to end, and waits for that. A worker that dies meanwhile has a successor that knows nothing of it, so
/// that one is told as well.
fn end(paths: &EnginePaths, mut told: PidFile, force: bool) -> io::Result<()> {
    let monitor = told.monitor.open()?;
    tell(&monitor, &told, force)?;
    while !ends_within(&monitor, LOOK)? {
        let now = PidFile::of_running(paths).ok().flatten();
        if let Some(now) = now.filter(|now| now.worker != told.worker) {
            tell(&monitor, &now, force)?;
            told = now;
        }
    }
    Ok(())
}

fn tell(monitor: &Pidfd, file: &PidFile, force: bool) -> io::Result<()> {
    if force {
        // A worker that has just ended has a successor.
        let _ = file.worker.open().and_then(|worker| worker.send_signal(AT_ONCE.as_raw()));
    }
    match monitor.send_signal(END.as_raw()) {
        // It has ended already.
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(()),
        result => result,
    }
}

fn ends_within(process: &Pidfd, time: Timespec) -> io::Result<bool> {
    let ready = retry_on_intr(|| poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&time)))?;
    Ok(ready > 0)
}
