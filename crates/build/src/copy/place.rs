//! Making single entries below an open directory: the object, then owner, attributes, mode, times, in the
//! order that keeps set-id bits (contract 7.4.5).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use wharf_container::fsroot::Root;

use super::CopyError;
use super::owner::Owner;
use crate::tree::select::kind;
use crate::tree::xattrs::Attribute;

/// What an entry gets besides its content.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub owner: Owner,
    /// Permission bits.
    pub mode: u32,
    /// Seconds and nanoseconds; now when `None`.
    pub modified: Option<(i64, u64)>,
    pub attributes: Vec<Attribute>,
}

impl Metadata {
    fn times(&self) -> Timestamps {
        let now = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
        let modified = self
            .modified
            .map_or(now, |(tv_sec, nanoseconds)| Timespec { tv_sec, tv_nsec: nanoseconds.cast_signed() });
        Timestamps { last_access: modified, last_modification: modified }
    }

    /// Owner, attributes and mode of an open file or directory.
    fn apply(&self, entry: BorrowedFd<'_>) -> io::Result<()> {
        rustix::fs::fchown(entry, Some(Uid::from_raw(self.owner.uid)), Some(Gid::from_raw(self.owner.gid)))?;
        for (name, value) in &self.attributes {
            match rustix::fs::fsetxattr(entry, OsStr::from_bytes(name), value, XattrFlags::empty()) {
                // File systems without attributes are no failure (contract 7.4.5).
                Ok(()) | Err(Errno::NOTSUP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rustix::fs::fchmod(entry, Mode::from_raw_mode(self.mode))?)
    }
}

/// A directory and a name in it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub parent: &'a OwnedFd,
    pub name: &'a OsStr,
    /// The whole path in the image, for messages.
    pub path: &'a Path,
}

impl Place<'_> {
    fn error(&self, operation: &'static str) -> impl Fn(Errno) -> CopyError {
        let path = self.path.to_owned();
        move |source| CopyError::place(operation, &path, source)
    }

    /// What is there, links not followed.
    pub fn look(&self) -> Result<Option<Stat>, CopyError> {
        match rustix::fs::statat(self.parent, self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.error("look at")(error)),
        }
    }

    /// Removes what is in the way of something that is no directory.
    fn clear(&self) -> Result<(), CopyError> {
        match self.look()? {
            None => Ok(()),
            Some(stat) if kind(&stat) == FileType::Directory => {
                Err(CopyError::IsADirectory(self.path.to_owned()))
            }
            Some(_) => {
                rustix::fs::unlinkat(self.parent, self.name, AtFlags::empty()).map_err(self.error("remove"))
            }
        }
    }

    /// A regular file with the content that `content` delivers; what was there is replaced.
    pub fn file(&self, content: &mut impl ContentSource, metadata: &Metadata) -> Result<(), CopyError> {
        self.clear()?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(self.parent, self.name, flags, Mode::from_raw_mode(0o600));
        let mut file = File::from(opened.map_err(self.error("create"))?);
        let written = content.write_to(&mut file).and_then(|()| metadata.apply(file.as_fd()));
        written.map_err(|source| CopyError::place("write", self.path, source))?;
        rustix::fs::futimens(&file, &metadata.times()).map_err(self.error("set the times of"))
    }

    /// A symbolic link.
    pub fn symlink(&self, target: &Path, metadata: &Metadata) -> Result<(), CopyError> {
        self.clear()?;
        rustix::fs::symlinkat(target, self.parent, self.name).map_err(self.error("create the link"))?;
        self.own_and_date(metadata)
    }

    /// A device, pipe or socket; only the first two can be made.
    pub fn special(&self, source: &Stat, metadata: &Metadata) -> Result<(), CopyError> {
        self.clear()?;
        let made = rustix::fs::mknodat(
            self.parent,
            self.name,
            kind(source),
            Mode::from_raw_mode(0o600),
            source.st_rdev,
        );
        made.map_err(self.error("create the device"))?;
        self.own_and_date(metadata)?;
        let mode = Mode::from_raw_mode(metadata.mode);
        rustix::fs::chmodat(self.parent, self.name, mode, AtFlags::empty())
            .map_err(self.error("change the mode of"))
    }

    /// Another name for a file that was made before.
    pub fn hard_link(&self, parent: &OwnedFd, name: &OsStr) -> Result<(), CopyError> {
        self.clear()?;
        rustix::fs::linkat(parent, name, self.parent, self.name, AtFlags::empty()).map_err(self.error("link"))
    }

    /// A new directory. Its times are set when it is full, with [`set_directory_times`].
    pub fn directory(&self, metadata: &Metadata) -> Result<(), CopyError> {
        rustix::fs::mkdirat(self.parent, self.name, Mode::from_raw_mode(0o700))
            .map_err(self.error("create the directory"))?;
        self.directory_metadata(metadata)
    }

    /// Owner, attributes and mode of a directory that is there.
    pub fn directory_metadata(&self, metadata: &Metadata) -> Result<(), CopyError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened =
            rustix::fs::openat(self.parent, self.name, flags, Mode::empty()).map_err(self.error("open"))?;
        metadata
            .apply(opened.as_fd())
            .map_err(|source| CopyError::place("set the metadata of", self.path, source))
    }

    fn own_and_date(&self, metadata: &Metadata) -> Result<(), CopyError> {
        let (uid, gid) = (Uid::from_raw(metadata.owner.uid), Gid::from_raw(metadata.owner.gid));
        let owned =
            rustix::fs::chownat(self.parent, self.name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW);
        owned.map_err(self.error("change the owner of"))?;
        let dated =
            rustix::fs::utimensat(self.parent, self.name, &metadata.times(), AtFlags::SYMLINK_NOFOLLOW);
        dated.map_err(self.error("set the times of"))
    }
}

/// Delivers a file's content into a file that was just made.
pub(super) trait ContentSource {
    fn write_to(&mut self, file: &mut File) -> io::Result<()>;
}

impl ContentSource for File {
    /// The standard library lets the kernel copy where it can.
    fn write_to(&mut self, file: &mut File) -> io::Result<()> {
        io::copy(self, file).map(drop)
    }
}

impl ContentSource for &[u8] {
    fn write_to(&mut self, file: &mut File) -> io::Result<()> {
        io::copy(&mut self.take(u64::MAX), file).map(drop)
    }
}

/// Sets the times of a directory below a root.
pub(super) fn set_directory_times(root: &Root, path: &Path, metadata: &Metadata) -> Result<(), CopyError> {
    let opened = root.open_with(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
    rustix::fs::futimens(&opened, &metadata.times())
        .map_err(|source| CopyError::place("set the times of", path, source))
}

/// What directories get that have no counterpart in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NewDirectories {
    pub owner: Owner,
    /// Permission bits.
    pub mode: u32,
}

impl NewDirectories {
    fn metadata(self) -> Metadata {
        Metadata { owner: self.owner, mode: self.mode, modified: None, attributes: Vec::new() }
    }
}

/// Opens a directory; it and its parents are made where they are missing (contract 8.4.1). Says whether
/// anything was made.
pub(crate) fn create_directories(
    root: &Root,
    path: &Path,
    new: NewDirectories,
) -> Result<(OwnedFd, bool), CopyError> {
    let missing: Vec<PathBuf> = path
        .ancestors()
        .take_while(|ancestor| root.locate(ancestor).is_err_and(|error| error.is_not_found()))
        .map(Path::to_owned)
        .collect();
    let opened = root.create_directories(path, Mode::from_raw_mode(0o755)).map_err(|error| {
        match error.source.raw_os_error() {
            Some(code) if code == Errno::NOTDIR.raw_os_error() => CopyError::NotADirectory(path.to_owned()),
            _ => error.into(),
        }
    })?;
    for made in &missing {
        let opened = root.open_with(made, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        new.metadata()
            .apply(opened.as_fd())
            .map_err(|source| CopyError::place("set the metadata of", made, source))?;
    }
    Ok((opened, !missing.is_empty()))
}
