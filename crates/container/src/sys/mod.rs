//! The system calls that rustix does not wrap, each as one safe function.
//!
//! Together with [`crate::namespace`] this is the only place with `unsafe`. No policy lives here.

mod bpf;
mod pidfd;

pub(crate) use bpf::attach_device_program;
pub(crate) use pidfd::{pidfd_exit_status, pidfd_send_signal};

use std::io;

/// The result of a raw system call as an [`io::Result`].
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
