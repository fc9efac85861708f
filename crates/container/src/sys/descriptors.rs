//! Descriptors and execution.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::SocketType;

use super::check;

/// Marks every descriptor from `first` on close-on-exec (`close_range(2)`, kernel 5.11).
pub(crate) fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: it only changes a flag of descriptors.
    let result = unsafe {
        libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_uint)
    };
    check(result).map(|_| ())
}

/// Closes every descriptor but `kept`. For a process that will not return to any code that owns one of them.
pub(crate) fn close_all_but(kept: &[OwnedFd]) -> io::Result<()> {
    let mut kept: Vec<u32> = kept.iter().map(|fd| fd.as_raw_fd() as u32).collect();
    kept.sort_unstable();
    let mut first = 0;
    for number in kept {
        if number > first {
            close_range(first, number - 1)?;
        }
        first = number + 1;
    }
    close_range(first, u32::MAX)
}

fn close_range(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: only for `close_all_but`, whose caller promises that nothing uses these descriptors afterwards.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    check(result).map(|_| ())
}

/// Replaces this process's program. Returns only when that fails.
pub(crate) fn execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let arguments = pointers(arguments);
    let environment = pointers(environment);
    // SAFETY: both lists are null-terminated and point to terminated strings that live over the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// As [`execute`], with this process's environment.
pub(crate) fn execute_with_own_environment(path: &CStr, arguments: &[CString]) -> io::Error {
    let arguments = pointers(arguments);
    // SAFETY: as in `execute`; nothing changes the environment at the same time, as there is one thread.
    unsafe { libc::execv(path.as_ptr(), arguments.as_ptr()) };
    io::Error::last_os_error()
}

/// Makes `descriptor` available to the next program as `number`, closing what had that number.
/// For a process that is about to execute and owns no `number` itself.
pub(crate) fn pass_as(descriptor: BorrowedFd<'_>, number: RawFd) -> io::Result<()> {
    if descriptor.as_raw_fd() == number {
        return Ok(rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?);
    }
    // SAFETY: by the contract above nothing that is still used has this number.
    check(unsafe { libc::dup2(descriptor.as_raw_fd(), number) }.into()).map(|_| ())
}

/// Replaces this process's program by the open file `program`. Returns only when that fails.
pub(crate) fn execute_file(
    program: BorrowedFd<'_>,
    arguments: &[CString],
    environment: &[CString],
) -> io::Error {
    let arguments = pointers(arguments);
    let environment = pointers(environment);
    // SAFETY: as in `execute`; the empty path with AT_EMPTY_PATH names the descriptor itself.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

/// Takes over the socket that was passed to this process as descriptor `number`, once.
///
/// # Errors
/// It was taken already, is not open, or is no SEQPACKET socket: then nobody passed one.
pub(crate) fn adopt_inherited(number: RawFd) -> io::Result<OwnedFd> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // SAFETY: only looked at here; when it is closed the calls below fail with EBADF.
    let socket = unsafe { BorrowedFd::borrow_raw(number) };
    if rustix::net::sockopt::socket_type(socket)? != SocketType::SEQPACKET
        || TAKEN.swap(true, Ordering::Relaxed)
    {
        return Err(io::ErrorKind::NotConnected.into());
    }
    rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::CLOEXEC)?;
    // SAFETY: it is open, it was made for this process by its parent, and it is handed out once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
