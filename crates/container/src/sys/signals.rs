//! Signal masks, dispositions, and signals as a descriptor.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::check;

const LAST_SIGNAL: i32 = 64;

/// `struct kernel_sigaction` of `rt_sigaction(2)` on x86-64; AArch64's lacks the restorer and reads less. All zero is
/// the default disposition.
#[repr(C)]
#[derive(Default)]
struct KernelAction {
    handler: u64,
    flags: u64,
    restorer: u64,
    mask: u64,
}

/// Blocks `signals` for this thread and returns a descriptor that delivers them (`signalfd(2)`), without
/// waiting.
pub(crate) fn block_and_watch(signals: &[i32]) -> io::Result<OwnedFd> {
    let set = signal_set(signals);
    // SAFETY: `set` is an initialized signal set; the old mask is not wanted.
    check(unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) }.into())?;
    // SAFETY: as above; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    check(fd.into())?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The next signal of a descriptor of [`block_and_watch`], none when there is none.
pub(crate) fn next_signal(signals: BorrowedFd<'_>) -> io::Result<Option<i32>> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    // SAFETY: the buffer is as large as said, and lives over the call.
    let read = unsafe {
        libc::read(signals.as_raw_fd(), info.as_mut_ptr().cast(), size_of::<libc::signalfd_siginfo>())
    };
    match check(read as libc::c_long) {
        // SAFETY: a signalfd delivers whole structures only, so it is initialized.
        Ok(_) => Ok(Some(unsafe { info.assume_init() }.ssi_signo as i32)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Blocks every signal for this thread.
pub(crate) fn block_all() -> io::Result<()> {
    let all = full_set();
    // SAFETY: `all` is an initialized signal set; the old mask is not wanted.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut()) }.into())?;
    Ok(())
}

/// Waits for a signal, all of which must be blocked.
pub(crate) fn wait_for_any() -> io::Result<i32> {
    let all = full_set();
    let mut signal = 0;
    // SAFETY: both pointers are valid over the call.
    match unsafe { libc::sigwait(&raw const all, &raw mut signal) } {
        0 => Ok(signal),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Default dispositions and an empty mask, as a program expects them: ignored signals and masks outlive
/// execve, and the Rust runtime ignores SIGPIPE.
pub(crate) fn reset() {
    for signal in 1..=LAST_SIGNAL {
        let default = KernelAction::default();
        // Not through the C library, which keeps two signals to itself; ignored by somebody above us, they would stay
        // so in the container.
        // SAFETY: the action is the kernel's structure and lives over the call, the old one is not wanted, and the
        // default disposition installs no handler. It fails for KILL and STOP, which is fine.
        let _kept = unsafe {
            let (action, old) = (&raw const default, std::ptr::null_mut::<KernelAction>());
            libc::syscall(libc::SYS_rt_sigaction, signal, action, old, size_of::<u64>())
        };
    }
    let none = signal_set(&[]);
    // SAFETY: `none` is an initialized signal set; the old mask is not wanted. It cannot fail with these
    // arguments.
    let _always_zero = unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
}

fn signal_set(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initializes the whole set.
    let mut set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for signal in signals {
        // SAFETY: the set is initialized; a wrong number is refused by the call.
        let _valid = unsafe { libc::sigaddset(&raw mut set, *signal) };
    }
    set
}

fn full_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigfillset initializes the whole set.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        set.assume_init()
    }
}
