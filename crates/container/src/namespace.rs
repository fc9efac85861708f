//! Network namespaces: making one, running code inside one, naming the current one.
//!
//! Owns the unshare and setns calls on network namespaces. Work runs on the caller's own thread, which goes there and
//! comes back in microseconds (a helper thread would cost a tenth of a millisecond, twice per container); a thread that
//! cannot come back ends the process, so none is ever left in a foreign namespace.
//! It must not configure what is inside a namespace; that is `wharf_network`'s work.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::thread::{LinkNameSpaceType, UnshareFlags};

/// Returns a descriptor of the network namespace that the calling thread is in.
///
/// # Errors
/// The error of opening `/proc/thread-self/ns/net`.
pub fn current_network_namespace() -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(rustix::fs::open("/proc/thread-self/ns/net", flags, Mode::empty())?)
}

/// Makes an empty network namespace (only a `lo` that is down) and returns a descriptor of it.
/// The namespace lives as long as the descriptor, or a process inside it.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`; `ENOSPC` at the limit of `/proc/sys/user/max_net_namespaces`.
pub fn create_network_namespace() -> io::Result<OwnedFd> {
    in_new_network_namespace(|namespace| namespace)
}

/// Makes a network namespace and runs `work` inside it, with a descriptor of the namespace. Sockets that
/// `work` opens stay in that namespace for their whole life; threads that it starts are born there and stay too.
///
/// # Errors
/// As [`create_network_namespace`]; `work` does not run then.
///
/// # Panics
/// Aborts the process when the thread cannot come back: everything it did from then on would be in the wrong network.
pub fn in_new_network_namespace<T>(work: impl FnOnce(OwnedFd) -> T) -> io::Result<T> {
    let _home = Home(current_network_namespace()?);
    unshare_network()?;
    Ok(work(current_network_namespace()?))
}

/// Runs `work` inside the network namespace behind `namespace`; sockets and threads as in [`in_new_network_namespace`].
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `EINVAL` when the descriptor is not a network namespace; `work` does not
/// run then.
///
/// # Panics
/// Aborts the process when the thread cannot come back.
pub fn in_network_namespace<T>(namespace: BorrowedFd<'_>, work: impl FnOnce() -> T) -> io::Result<T> {
    let _home = Home(current_network_namespace()?);
    enter(namespace)?;
    Ok(work())
}

/// The namespace that a thread returns to when this is dropped, also by a panic.
struct Home(OwnedFd);

impl Drop for Home {
    fn drop(&mut self) {
        if enter(self.0.as_fd()).is_err() {
            std::process::abort();
        }
    }
}

fn enter(namespace: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::thread::move_into_link_name_space(namespace, Some(LinkNameSpaceType::Network))?)
}

fn unshare_network() -> io::Result<()> {
    // SAFETY: CLONE_NEWNET changes only the network namespace of this thread. The descriptor table, which is
    // what makes unshare unsafe, stays shared.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inode(namespace: &OwnedFd) -> u64 {
        rustix::fs::fstat(namespace).unwrap().st_ino
    }

    #[test]
    fn work_runs_inside_and_the_caller_stays_outside() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: making a network namespace needs root");
            return;
        }
        let before = inode(&current_network_namespace().unwrap());
        let namespace = create_network_namespace().unwrap();
        let inside = in_network_namespace(namespace.as_fd(), current_network_namespace).unwrap().unwrap();
        assert_eq!(inode(&inside), inode(&namespace));
        assert_ne!(inode(&inside), before);
        assert_eq!(inode(&current_network_namespace().unwrap()), before);
    }

    #[test]
    fn a_panic_inside_comes_home_too() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: making a network namespace needs root");
            return;
        }
        let before = inode(&current_network_namespace().unwrap());
        let namespace = create_network_namespace().unwrap();
        let work = || in_network_namespace(namespace.as_fd(), || panic!("as the test wants"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        assert_eq!(inode(&current_network_namespace().unwrap()), before);
    }

    #[test]
    fn a_descriptor_that_is_no_namespace_is_refused() {
        let file = std::fs::File::open("/proc/self/status").unwrap();
        let error = in_network_namespace(file.as_fd(), || ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
