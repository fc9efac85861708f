//! What each system call answers to senseless arguments: refused by a filter, unknown, or served.
//!
//! "Served" is everything that is neither EPERM nor ENOSYS, because which of its other errors a call gives says nothing
//! of the engine.

use std::ffi::CStr;
use std::io;

use crate::report::Report;

/// The newest call of x86-64 that is known here (`arch/x86/entry/syscalls/syscall_64.tbl`); on another processor there is
/// no table.
#[cfg(target_arch = "x86_64")]
const LAST: i64 = 470;
#[cfg(not(target_arch = "x86_64"))]
const LAST: i64 = -1;

/// Not called with any arguments: they end or stop this process (34, 57, 58, 60, 231, 335, 336), return from a signal
/// (15), hang up the terminal (153), wait for the disk (162), or change what is reported (95, 112).
const NEVER: [i64; 12] = [15, 34, 57, 58, 60, 95, 112, 153, 162, 231, 335, 336];

/// Between the last number of the old table and the first that all processors share there is nothing.
const UNUSED: std::ops::Range<i64> = 337..424;

/// `msgget(2)` makes a queue of any flags that it gets.
const MSGGET: i64 = 68;
const CLONE: i64 = 56;
const PERSONALITY: i64 = 135;
const SOCKET: i64 = 41;
const MKNODAT: i64 = if cfg!(target_arch = "x86_64") { 259 } else { 33 };
const AT_FDCWD: i64 = -100;
/// Without `CLONE_VM` it is refused by the kernel, after the filter and before any process is made.
const CLONE_SIGHAND: i64 = 0x800;
/// Added to a number it is a call of the x32 ABI.
const X32: i64 = 0x4000_0000;

unsafe extern "C" {
    /// `syscall(2)`.
    fn syscall(number: i64, ...) -> i64;
}

type Arguments = [i64; 6];

fn call(number: i64, [a, b, c, d, e, f]: Arguments) -> io::Result<i64> {
    // SAFETY: the callers pass numbers, addresses that belong to nobody (the kernel answers EFAULT), or a string that
    // outlives the call; none of the calls that are made change memory of this process.
    let result = unsafe { syscall(number, a, b, c, d, e, f) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// `mknod(2)`; `device` is `major << 8 | minor` for numbers below 256.
pub fn make_node(path: &CStr, mode: u32, device: u32) -> io::Result<()> {
    call(MKNODAT, [AT_FDCWD, path.as_ptr() as i64, i64::from(mode), i64::from(device), 0, 0]).map(drop)
}

pub fn describe(report: &mut Report) {
    for number in (0..=LAST).filter(|number| !NEVER.contains(number) && !UNUSED.contains(number)) {
        let arguments = if number == MSGGET { [0x7fff_ffff, 0, 0, 0, 0, 0] } else { [-1; 6] };
        report.note(format!("syscall {number}"), answer(number, arguments));
    }
    if LAST < 0 {
        return;
    }
    report.note("syscall of x32", answer(X32 + 39, [-1; 6]));
    report.note("syscall of the future", answer(900, [-1; 6]));
    for family in 0..48 {
        report.note(format!("socket of family {family}"), answer(SOCKET, [family, -1, -1, -1, -1, -1]));
    }
    for persona in [0, 8, 0x20000, 0x20008, 0x40000, 0x8000] {
        report.note(format!("personality {persona:#x}"), answer(PERSONALITY, [persona, 0, 0, 0, 0, 0]));
    }
    let _as_before = call(PERSONALITY, [0; 6]);
    for bit in [7, 17, 25, 26, 27, 28, 29, 30] {
        let flags = CLONE_SIGHAND | 1 << bit;
        report.note(format!("clone with flag {:#x}", 1 << bit), answer(CLONE, [flags, 0, 0, 0, 0, 0]));
    }
}

fn answer(number: i64, arguments: Arguments) -> String {
    match call(number, arguments).err().and_then(|error| error.raw_os_error()) {
        Some(1) => "EPERM",
        Some(38) => "ENOSYS",
        Some(_) | None => "served",
    }
    .into()
}
