//! Forking.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::thread::UnshareFlags;

use super::check;

/// Which side of a fork this is.
pub(crate) enum Forked {
    /// The new process.
    Child,
    /// The old one, with the new process's pid (in the caller's PID namespace) and descriptor.
    Parent { pid: i32, pidfd: OwnedFd },
}

/// `struct clone_args` with the cgroup (kernel 5.7).
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// `CLONE_INTO_CGROUP` (`linux/sched.h`); it does not fit the 32 bits of the other flags.
const CLONE_INTO_CGROUP: u64 = 1 << 33;

/// Forks with the given `CLONE_NEW*` and `CLONE_PARENT` flags (`clone3(2)`, kernel 5.3), right into the
/// cgroup2 directory `cgroup` when there is one: moving a process there afterwards waits for every CPU.
///
/// The caller must have no other thread: the child goes on with ordinary code, and a lock held by a thread
/// that does not exist in the child would be held for ever. [`crate::monitor::run`] checks that once, and
/// everything that forks in this crate descends from it.
pub(crate) fn fork(flags: i32, cgroup: Option<BorrowedFd<'_>>) -> io::Result<Forked> {
    let mut pidfd: i32 = -1;
    let to_parent = flags & libc::CLONE_PARENT != 0;
    let arguments = CloneArguments {
        flags: u64::from((flags | libc::CLONE_PIDFD) as u32) | cgroup.map_or(0, |_| CLONE_INTO_CGROUP),
        pidfd: &raw mut pidfd as u64,
        // With CLONE_PARENT the child's exit signal is that of the caller, and must not be given.
        exit_signal: if to_parent { 0 } else { libc::SIGCHLD as u64 },
        cgroup: cgroup.map_or(0, |cgroup| cgroup.as_raw_fd() as u64),
        ..CloneArguments::default()
    };
    // SAFETY: no memory is shared (no CLONE_VM) and no stack given, so this returns twice like fork(2), on
    // copies of this stack; `pidfd` outlives the call. The caller has a single thread, so no lock is held by
    // another one.
    let result = unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of_val(&arguments)) };
    match check(result)? {
        0 => Ok(Forked::Child),
        // SAFETY: the kernel has just made this descriptor for the parent.
        pid => Ok(Forked::Parent { pid: pid as i32, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } }),
    }
}

/// Forks where a seccomp filter may forbid `clone3(2)`; says the child's pid to the parent and none to the
/// child.
///
/// As for [`fork`] the caller must have no other thread.
pub(crate) fn fork_filtered() -> io::Result<Option<i32>> {
    // SAFETY: there is one thread, so the child finds every lock as it would in the parent.
    match check(unsafe { libc::fork() }.into())? {
        0 => Ok(None),
        pid => Ok(Some(pid as i32)),
    }
}

/// Moves this process into new namespaces. Only for the `NEW*` flags.
pub(crate) fn unshare(namespaces: UnshareFlags) -> io::Result<()> {
    // SAFETY: what makes it unsafe is unsharing the descriptor table, which no namespace flag does.
    Ok(unsafe { rustix::thread::unshare_unsafe(namespaces.difference(UnshareFlags::FILES)) }?)
}

/// Sends a signal by number; the receiver may be gone.
pub(crate) fn kill(pid: i32, signal: i32) {
    // SAFETY: it touches no memory.
    let _gone = unsafe { libc::kill(pid, signal) };
}

/// Ends this process at once: no destructors, nothing flushed. For a forked child, whose memory is a copy.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: it does not return, and touches no memory.
    unsafe { libc::_exit(status) }
}

/// Whether this process has a single thread.
pub(crate) fn is_single_threaded() -> io::Result<bool> {
    Ok(std::fs::read_dir("/proc/self/task")?.count() == 1)
}
