//! Which process is the engine: a lock that the kernel gives back, and a pid file that names the processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};
use wharf_container::process::Identity;

use super::StartError;
use crate::disk;
use crate::error::Result;
use crate::paths::EnginePaths;

/// The engine's processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PidFile {
    /// The monitor.
    pub monitor: Identity,
    /// The worker.
    pub worker: Identity,
}

impl PidFile {
    /// The processes of a running engine; `None` when there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of_running(paths: &EnginePaths) -> Result<Option<PidFile>> {
        Ok(disk::load::<PidFile>(&paths.pid_file())?.filter(|file| file.monitor.is_alive()))
    }
}

/// Refuses users that cannot run the engine.
///
/// # Errors
/// Not root.
pub fn require_root() -> std::result::Result<(), StartError> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(StartError(
        "the built-in engine needs root: run the command with sudo, or name another engine with --host"
            .to_owned(),
    ))
}

/// Makes the root directory. Nobody but root may look into it (contract 10.3).
///
/// # Errors
/// It cannot be made.
pub fn make_root(paths: &EnginePaths) -> std::result::Result<(), StartError> {
    for (directory, mode) in [(paths.root(), 0o710), (&paths.run_dir(), 0o755)] {
        let made = fs::DirBuilder::new().recursive(true).mode(mode).create(directory);
        made.map_err(|error| StartError::new(format!("cannot make {}", directory.display()), &error))?;
    }
    Ok(())
}

/// Locks the root for this process, for as long as the file is open.
///
/// # Errors
/// Another engine answers on its socket, or the lock cannot be used.
pub fn lock_root(paths: &EnginePaths) -> std::result::Result<File, StartError> {
    let path = paths.lock_file();
    let failed = |error: std::io::Error| StartError::new(format!("cannot lock {}", path.display()), &error);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Err(TryLockError::WouldBlock) => {}
    }
    if UnixStream::connect(paths.socket()).is_ok() {
        return Err(StartError(format!("another engine runs on {}", paths.root().display())));
    }
    // An engine that does not answer any more is about to end.
    file.lock().map_err(failed)?;
    Ok(file)
}
