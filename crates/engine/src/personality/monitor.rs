//! `wharf engine run`: the process that becomes the monitor.

use std::ffi::OsString;
use std::io::IsTerminal;

use wharf_container::monitor::{self, MonitorConfig};

use super::StartError;
use super::lock::{lock_root, make_root, require_root};
use crate::paths::EnginePaths;

/// Becomes the monitor and starts the worker as `wharf engine worker`. Must be called before any thread exists. Returns the exit
/// code.
///
/// # Errors
/// Not root, the root directory cannot be used, or another engine holds it.
pub fn run_monitor(paths: &EnginePaths) -> Result<i32, StartError> {
    require_root()?;
    if !std::io::stdin().is_terminal() {
        // Started by a command: its terminal's signals are not for the engine. Already a session's leader is as good.
        let _ = rustix::process::setsid();
    }
    make_root(paths)?;
    let _lock = lock_root(paths)?;
    // An engine that was just about to end has taken the run directory with it.
    make_root(paths)?;
    let worker_arguments = ["wharf", "engine", "worker"].map(OsString::from).to_vec();
    let ended = monitor::run(&MonitorConfig { worker_arguments });
    ended.map_err(|error| StartError::new("the engine ended", &error))?;
    Ok(0)
}
