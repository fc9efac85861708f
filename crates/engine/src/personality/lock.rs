//! Which process is the engine: a lock that the kernel gives back, and a pid file that names the processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wharf_container::process::Identity;

use super::StartError;
use crate::disk;
use crate::error::Result;
use crate::paths::EnginePaths;

/// How often an engine that has the lock and does not answer is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

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

/// Locks the root for this process, for as long as the file is open. Waits for an engine that has the lock and does not
/// answer: it is about to end, or its monitor is just starting its worker anew.
///
/// # Errors
/// Another engine answers on its socket, or the lock cannot be used.
pub fn lock_root(paths: &EnginePaths) -> std::result::Result<File, StartError> {
    let path = paths.lock_file();
    let failed = |error: std::io::Error| StartError::new(format!("cannot lock {}", path.display()), &error);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        if UnixStream::connect(paths.socket()).is_ok() {
            return Err(StartError(format!("another engine runs on {}", paths.root().display())));
        }
        // Nothing tells of a lock and of a socket at once.
        std::thread::sleep(LOOK_AGAIN);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;

    use super::*;

    /// Until a thread of this process waits for something.
    fn until_asleep(thread: rustix::process::Pid) {
        let stat = format!("/proc/self/task/{thread}/stat");
        while !fs::read_to_string(&stat).unwrap().contains(") S ") {
            std::thread::yield_now();
        }
    }

    #[test]
    fn one_that_waits_gives_up_when_the_engine_answers_again() {
        let folder = tempfile::tempdir().unwrap();
        let paths = EnginePaths::new(Some(folder.path()));
        let _held = lock_root(&paths).unwrap();
        let (sender, receiver) = mpsc::channel();
        let waiting = paths.clone();
        let second = std::thread::spawn(move || {
            sender.send(rustix::thread::gettid()).unwrap();
            lock_root(&waiting).map(drop)
        });
        until_asleep(receiver.recv().unwrap());
        let _answering = UnixListener::bind(paths.socket()).unwrap();
        let error = second.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("another engine runs"), "{error}");
    }
}
