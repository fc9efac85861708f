//! Owners, modes, times and extended attributes of single entries, never through a symbolic link.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::{Errno, Result};

/// Largest list of attribute names and largest value the kernel has (XATTR_LIST_MAX, XATTR_SIZE_MAX).
const XATTR_MAX: usize = 65536;

/// Opens an entry without following it and without reading it.
pub(crate) fn open_path(directory: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, OsStr::from_bytes(name), flags, Mode::empty())
}

/// Sets the permission bits of what `entry` refers to, which is no symbolic link.
pub(crate) fn chmod(entry: BorrowedFd<'_>, mode: u32) -> Result<()> {
    // fchmod refuses O_PATH descriptors; the link in /proc leads to exactly this object.
    rustix::fs::chmod(proc_path(entry), Mode::from_raw_mode(mode))
}

/// Sets owner and group; a symbolic link's own.
pub(crate) fn set_owner(directory: BorrowedFd<'_>, name: &[u8], uid: u32, gid: u32) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    rustix::fs::chownat(directory, OsStr::from_bytes(name), Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
}

/// Sets access and modification time; a symbolic link's own.
pub(crate) fn set_time_at(directory: BorrowedFd<'_>, name: &[u8], mtime: (i64, u32)) -> Result<()> {
    let time = Timespec { tv_sec: mtime.0, tv_nsec: mtime.1.into() };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(directory, OsStr::from_bytes(name), &times, AtFlags::SYMLINK_NOFOLLOW)
}

/// Sets one attribute of what `entry` (opened with O_PATH, no symbolic link) refers to.
pub(crate) fn set_xattr(entry: BorrowedFd<'_>, name: &[u8], value: &[u8]) -> Result<()> {
    rustix::fs::setxattr(proc_path(entry), OsStr::from_bytes(name), value, XattrFlags::empty())
}

/// Sets one attribute of a symbolic link itself.
pub(crate) fn set_xattr_symlink(
    directory: BorrowedFd<'_>,
    link: &[u8],
    name: &[u8],
    value: &[u8],
) -> Result<()> {
    let path = [proc_path(directory).as_bytes(), b"/", link].concat();
    rustix::fs::lsetxattr(OsStr::from_bytes(&path), OsStr::from_bytes(name), value, XattrFlags::empty())
}

/// All attributes of an entry, sorted by name; none on file systems without them.
pub(crate) fn read_xattrs(directory: BorrowedFd<'_>, entry: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let path = [proc_path(directory).as_bytes(), b"/", entry].concat();
    let path = OsStr::from_bytes(&path);
    // Most entries have none, which costs no buffer to find out.
    match rustix::fs::llistxattr_query(path) {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let mut names = vec![0u8; XATTR_MAX];
    let length = rustix::fs::llistxattr(path, &mut names[..])?;
    let mut attributes = Vec::new();
    let mut value = vec![0u8; XATTR_MAX];
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let size = rustix::fs::lgetxattr(path, OsStr::from_bytes(name), &mut value[..])?;
        attributes.push((name.to_vec(), value[..size].to_vec()));
    }
    attributes.sort();
    Ok(attributes)
}

fn proc_path(entry: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", entry.as_fd().as_raw_fd())
}
