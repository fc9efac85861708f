//! Keeping the host's executable and mounts out of the containers' reach.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;

use rustix::fs::{CWD, StatVfsMountFlags, fstatvfs};
use rustix::mount::{MountPropagationFlags, OpenTreeFlags, mount_change, open_tree};
use rustix::thread::UnshareFlags;

use crate::sys::{self, MountAttributes};

/// This process's program, also where another name for it is gone.
const OWN_EXECUTABLE: &str = "/proc/self/exe";

/// Executes this program again from a private read-only mount, with the same arguments and environment.
/// Returns when this process already runs from a read-only mount.
pub(super) fn protect() -> io::Result<()> {
    let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
    let current = rustix::fs::open(OWN_EXECUTABLE, flags, rustix::fs::Mode::empty())?;
    if is_read_only(&current)? {
        return Ok(());
    }
    let copy =
        open_tree(CWD, OWN_EXECUTABLE, OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)?;
    let read_only = MountAttributes { set: libc::MOUNT_ATTR_RDONLY, ..MountAttributes::default() };
    sys::mount_setattr(copy.as_fd(), read_only, false)?;
    if !is_read_only(&copy)? {
        return Err(io::Error::other("the copy of the mount is not read-only"));
    }
    // The arguments and the environment are not read, only passed on.
    let arguments: Vec<CString> = std::env::args_os().map(terminated).collect::<io::Result<_>>()?;
    let variables = std::env::vars_os().map(|(mut key, value)| {
        key.push("=");
        key.push(value);
        terminated(key)
    });
    let environment: Vec<CString> = variables.collect::<io::Result<_>>()?;
    Err(sys::execute_file(copy.as_fd(), &arguments, &environment))
}

fn is_read_only(fd: &OwnedFd) -> io::Result<bool> {
    Ok(fstatvfs(fd)?.f_flag.contains(StatVfsMountFlags::RDONLY))
}

pub(super) fn terminated(text: std::ffi::OsString) -> io::Result<CString> {
    Ok(CString::new(text.into_vec())?)
}

/// A mount namespace that receives the host's mounts and sends none.
pub(super) fn enter_private_mount_namespace() -> io::Result<()> {
    sys::unshare(UnshareFlags::NEWNS)?;
    Ok(mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?)
}
