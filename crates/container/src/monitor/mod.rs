//! The monitor: the parent of every container.

pub(crate) mod message;
pub(crate) mod socket;

use std::os::fd::RawFd;

/// The descriptor number under which a worker finds its socket.
pub(crate) const WORKER_SOCKET: RawFd = 3;
