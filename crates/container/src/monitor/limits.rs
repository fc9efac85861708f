//! How many descriptors the monitor may have open, and how many a container may.

use std::io;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that this process was started with.
static ORIGINAL: OnceLock<Rlimit> = OnceLock::new();

/// Takes as many descriptors as the hard limit allows: the monitor keeps some for every process.
pub(super) fn raise_open_files() -> io::Result<()> {
    let original = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: original.maximum, maximum: original.maximum };
    ORIGINAL.get_or_init(|| original);
    Ok(setrlimit(Resource::Nofile, raised)?)
}

/// Gives this process, a child of the monitor, the limit that the monitor was started with: what the monitor
/// needs for itself is no reason for containers to differ from other processes of the host.
pub(crate) fn restore_open_files() -> io::Result<()> {
    let Some(original) = ORIGINAL.get() else { return Ok(()) };
    let original = Rlimit { current: original.current, maximum: original.maximum };
    Ok(setrlimit(Resource::Nofile, original)?)
}
