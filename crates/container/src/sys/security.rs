//! The session keyring and the seccomp filter.

use std::ffi::CStr;
use std::io;

use super::check;
use crate::seccomp::Filter;

const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;

/// Gives this process a new session keyring called `name`.
pub(crate) fn join_session_keyring(name: &CStr) -> io::Result<()> {
    // SAFETY: `name` is a terminated string that lives over the call.
    let result = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.as_ptr()) };
    check(result).map(|_| ())
}

/// `struct sock_fprog`.
#[repr(C)]
struct Program {
    length: libc::c_ushort,
    instructions: *const crate::seccomp::Instruction,
}

/// Installs a filter for this thread and what it executes. Needs CAP_SYS_ADMIN or no-new-privileges.
pub(crate) fn install_filter(filter: &Filter) -> io::Result<()> {
    let length = filter.program.len().try_into().map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = Program { length, instructions: filter.program.as_ptr() };
    // SAFETY: the program has as many instructions (of the kernel's layout) as it says, and lives over the
    // call.
    let result = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, filter.flags, &raw const program)
    };
    check(result).map(|_| ())
}
