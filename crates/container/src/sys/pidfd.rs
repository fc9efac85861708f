//! Calls on process descriptors.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::check;

/// `pidfd_send_signal(2)` with any signal number, real-time ones included.
pub(crate) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open for the call, and a null siginfo is allowed.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, no_info, 0) };
    check(result).map(|_| ())
}

/// `struct pidfd_info` in its first published size (`linux/pidfd.h`, kernel 6.13).
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroup_id: u64,
    ids: [u32; 11],
    exit_code: i32,
}

const PIDFD_INFO_EXIT: u64 = 1 << 3;
/// `_IOWR(0xff, 11, struct pidfd_info)` with the size of that first version, 64 bytes.
const PIDFD_GET_INFO: libc::c_ulong = 0xc040_ff0b;

/// The wait status of a reaped process (`PIDFD_INFO_EXIT`, kernel 6.15); none when it cannot be told.
pub(crate) fn pidfd_exit_status(pidfd: BorrowedFd<'_>) -> io::Result<Option<i32>> {
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    // SAFETY: `info` is a valid pidfd_info of the size encoded in the request, and outlives the call.
    let result = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO as _, &raw mut info) };
    if result < 0 {
        let error = io::Error::last_os_error();
        // Older kernels do not know the request; 6.13 and 6.14 know it and say ESRCH for an ended process.
        let unknown = [libc::ENOTTY, libc::EINVAL, libc::ESRCH].map(Some);
        return if unknown.contains(&error.raw_os_error()) { Ok(None) } else { Err(error) };
    }
    Ok((info.mask & PIDFD_INFO_EXIT != 0).then_some(info.exit_code))
}
