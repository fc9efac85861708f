//! A descriptor of a process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::process::{PidfdFlags, pidfd_open};

use super::ExitStatus;
use crate::sys;

/// A descriptor of a process: it becomes readable when the process ends, and never names another process.
#[derive(Debug)]
pub struct Pidfd(OwnedFd);

impl Pidfd {
    /// Opens the process that has `pid` now. Prefer [`super::Identity::open`] for a pid from a file.
    ///
    /// # Errors
    /// What `pidfd_open(2)` says (kernel 5.3).
    pub fn open(pid: i32) -> io::Result<Self> {
        let pid = rustix::process::Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self(pidfd_open(pid, PidfdFlags::empty())?))
    }

    /// Sends signal number `signal`, which may be a real-time one. 0 only checks.
    ///
    /// # Errors
    /// `NotFound` when the process has ended, else what `pidfd_send_signal(2)` says (kernel 5.1).
    pub fn send_signal(&self, signal: i32) -> io::Result<()> {
        match sys::pidfd_send_signal(self.0.as_fd(), signal) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Err(io::ErrorKind::NotFound.into()),
            result => result,
        }
    }

    /// How the process ended, for a process that is not a child of the caller.
    ///
    /// The kernel keeps this with descriptors opened before the process was reaped (kernel 6.15).
    /// None: it has not been reaped yet, or the kernel is too old to tell.
    ///
    /// # Errors
    /// What `ioctl(PIDFD_GET_INFO)` says.
    pub fn exit_status(&self) -> io::Result<Option<ExitStatus>> {
        Ok(sys::pidfd_exit_status(self.0.as_fd())?.and_then(ExitStatus::from_wait_status))
    }
}

impl From<OwnedFd> for Pidfd {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<Pidfd> for OwnedFd {
    fn from(pidfd: Pidfd) -> Self {
        pidfd.0
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Pidfd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
