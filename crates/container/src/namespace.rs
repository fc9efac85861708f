//! Network namespaces: making one, running code inside one, naming the current one.
//!
//! Owns the unshare and setns calls on network namespaces. Every call works on a helper thread that ends
//! afterwards, so no thread of the caller (a tokio worker, say) can be left in a foreign namespace.
//! It must not configure what is inside a namespace; that is `wharf_network`'s work.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::thread;

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
/// `work` opens stay in that namespace for their whole life; threads that it starts are born there.
///
/// # Errors
/// As [`create_network_namespace`]; `work` does not run then.
///
/// # Panics
/// Passes a panic of `work` on.
pub fn in_new_network_namespace<T: Send>(work: impl FnOnce(OwnedFd) -> T + Send) -> io::Result<T> {
    on_helper_thread(|| {
        unshare_network()?;
        Ok(work(current_network_namespace()?))
    })
}

/// Runs `work` inside the network namespace behind `namespace`.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `EINVAL` when the descriptor is not a network namespace; `work` does not
/// run then.
///
/// # Panics
/// Passes a panic of `work` on.
pub fn in_network_namespace<T: Send>(
    namespace: BorrowedFd<'_>,
    work: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    on_helper_thread(|| {
        rustix::thread::move_into_link_name_space(namespace, Some(LinkNameSpaceType::Network))?;
        Ok(work())
    })
}

fn unshare_network() -> io::Result<()> {
    // SAFETY: CLONE_NEWNET changes only the network namespace of this thread. The descriptor table, which is
    // what makes unshare unsafe, stays shared.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }?;
    Ok(())
}

fn on_helper_thread<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let helper = thread::Builder::new().name("network-namespace".into()).spawn_scoped(scope, work)?;
        helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

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
    fn a_descriptor_that_is_no_namespace_is_refused() {
        let file = std::fs::File::open("/proc/self/status").unwrap();
        let error = in_network_namespace(file.as_fd(), || ()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
