//! The system calls that rustix does not wrap, each as one safe function.
//!
//! Together with [`crate::namespace`] this is the only place with `unsafe`. No policy lives here.

mod bpf;
mod clone;
mod command_line;
mod descriptors;
mod mount;
mod pidfd;
mod security;
mod signals;

pub(crate) use bpf::attach_device_program;
pub(crate) use clone::{Forked, exit_now, fork, fork_filtered, is_single_threaded, kill, unshare};
pub(crate) use command_line::{MemoryMap, show_command_line};
pub(crate) use descriptors::{
    adopt_inherited, close_all_but, close_on_exec_from, execute, execute_file, execute_with_own_environment,
    pass_as,
};
pub(crate) use mount::{MountAttributes, mount_setattr};
pub(crate) use pidfd::{pidfd_exit_status, pidfd_send_signal};
pub(crate) use security::{install_filter, join_session_keyring};
pub(crate) use signals::{block_all, block_and_watch, next_signal, reset as reset_signals, wait_for_any};

use std::io;

/// The result of a raw system call as an [`io::Result`].
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
