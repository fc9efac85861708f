//! A directory whose content may be hostile: every name is resolved by the kernel as if the directory were
//! `/`.
//!
//! Uses openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS (Linux 5.6), contract 7.4.1 and 10.3.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::{Errno, Result};

/// Longest path in bytes that an entry may have (PATH_MAX).
const MAX_PATH: usize = 4096;

/// An open directory that bounds what is done below it.
pub(crate) struct ConfinedDirectory {
    root: OwnedFd,
    /// The parent used last: archives list files directory by directory.
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
}

/// Where an entry goes: its open parent directory and its name there.
pub(crate) struct Parent {
    /// The directory.
    pub(crate) directory: Rc<OwnedFd>,
    /// The last component.
    pub(crate) name: Vec<u8>,
}

impl ConfinedDirectory {
    /// Opens a trusted path.
    pub(crate) fn open(path: &Path) -> Result<ConfinedDirectory> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        Ok(ConfinedDirectory { root: rustix::fs::open(path, flags, Mode::empty())?, last: None })
    }

    /// Opens a path below; links in all components are followed as if chrooted, except that `flags` may
    /// forbid the last.
    pub(crate) fn resolve(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        loop {
            // The kernel gives up with EAGAIN when anything on the host is renamed during the walk.
            match rustix::fs::openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
                Err(Errno::AGAIN) => {}
                other => return other,
            }
        }
    }

    /// The parent of a cleaned path, which must exist.
    pub(crate) fn parent(&mut self, path: &[u8]) -> Result<Parent> {
        let (directory, name) = split_path(path);
        self.open_parent(directory).map(|directory| Parent { directory, name: name.to_vec() })
    }

    /// The parent of a cleaned path; what is missing is made with mode 0755 (contract 7.4.1).
    pub(crate) fn make_parent(&mut self, path: &[u8]) -> Result<Parent> {
        let (directory, name) = split_path(path);
        let opened = match self.open_parent(directory) {
            Err(Errno::NOENT) => {
                self.make_directories(directory)?;
                self.open_parent(directory)
            }
            other => other,
        };
        opened.map(|directory| Parent { directory, name: name.to_vec() })
    }

    /// Must be called after a directory or a link was removed or replaced: a remembered parent may be gone.
    pub(crate) fn forget(&mut self) {
        self.last = None;
    }

    fn open_parent(&mut self, directory: &[u8]) -> Result<Rc<OwnedFd>> {
        if directory.len() > MAX_PATH {
            return Err(Errno::NAMETOOLONG);
        }
        if let Some((path, opened)) = &self.last
            && path == directory
        {
            return Ok(opened.clone());
        }
        let opened = Rc::new(self.resolve(directory, OFlags::PATH | OFlags::DIRECTORY)?);
        self.last = Some((directory.to_vec(), opened.clone()));
        Ok(opened)
    }

    fn make_directories(&self, path: &[u8]) -> Result<()> {
        let mut end = 0;
        while end < path.len() {
            let rest = &path[end + 1..];
            end = rest.iter().position(|&byte| byte == b'/').map_or(path.len(), |slash| end + 1 + slash);
            let prefix = &path[..end];
            match self.resolve(prefix, OFlags::PATH | OFlags::DIRECTORY) {
                Ok(_) => continue,
                Err(Errno::NOENT) => {}
                Err(other) => return Err(other),
            }
            let (parent, name) = split_path(prefix);
            let parent = self.resolve(parent, OFlags::PATH | OFlags::DIRECTORY)?;
            rustix::fs::mkdirat(&parent, OsStr::from_bytes(name), Mode::from_raw_mode(0o755))?;
            // The umask of this process must not decide what an image looks like.
            let made = super::open_path(parent.as_fd(), name)?;
            super::chmod(made.as_fd(), 0o755)?;
        }
        Ok(())
    }
}

/// Splits a cleaned path into its directory and its last component.
pub(crate) fn split_path(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// Removes `name` in `directory` with everything below it, never following a link. Missing is fine.
pub(crate) fn remove_tree(directory: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    let name = OsStr::from_bytes(name);
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(other) => return Err(other),
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(directory, name, flags, Mode::empty())?;
    remove_content(&opened)?;
    match rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

fn remove_content(directory: &OwnedFd) -> Result<()> {
    for item in Dir::read_from(directory)? {
        let item = item?;
        let name = item.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        match item.file_type() {
            FileType::Directory | FileType::Unknown => remove_tree(directory.as_fd(), name)?,
            _ => rustix::fs::unlinkat(directory, OsStr::from_bytes(name), AtFlags::empty())?,
        }
    }
    Ok(())
}
