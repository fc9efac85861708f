//! Paths below a directory that somebody else controls: a container's root, a volume, an image.
//!
//! Every path is resolved by the kernel relative to a descriptor (`openat2(2)`, kernel 5.6, `RESOLVE_IN_ROOT`
//! and `RESOLVE_NO_MAGICLINKS`): absolute paths, `..` and symbolic links stay inside, also while somebody
//! swaps components (contract 10.2). Nothing here looks at a path twice and trusts the first look.

mod create;
mod walk;

pub use walk::{Entry, Walk};

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, openat2};

/// A directory that paths are confined to.
#[derive(Debug)]
pub struct Root(OwnedFd);

/// A failed operation below a [`Root`].
#[derive(Debug, thiserror::Error)]
#[error("{operation} {}", path.display())]
pub struct Error {
    /// What was tried, as in `open`.
    pub operation: &'static str,
    /// The path, as seen from the root.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl Error {
    pub(crate) fn new(operation: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self { operation, path: path.to_owned(), source: source.into() }
    }

    /// Whether the path does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// How often a resolution that the kernel gave up because of a concurrent rename is repeated.
const RACE_RETRIES: usize = 64;

impl Root {
    /// Opens the directory `path` of this process's own view as a root.
    ///
    /// # Errors
    /// It cannot be opened or is no directory.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| Error::new("open", path, e))?;
        Ok(Self(fd))
    }

    /// Opens `path` with `flags`; symbolic links are followed inside the root.
    ///
    /// # Errors
    /// What `openat2(2)` says.
    pub fn open_with(&self, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd, Error> {
        self.resolve(path, flags, mode).map_err(|source| Error::new("open", path, source))
    }

    /// A descriptor that only names `path`, following links to the end.
    ///
    /// # Errors
    /// What `openat2(2)` says.
    pub fn locate(&self, path: &Path) -> Result<OwnedFd, Error> {
        self.open_with(path, OFlags::PATH, Mode::empty())
    }

    /// A descriptor that only names `path`; a symbolic link as last component is not followed.
    ///
    /// # Errors
    /// What `openat2(2)` says.
    pub fn locate_entry(&self, path: &Path) -> Result<OwnedFd, Error> {
        self.open_with(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty())
    }

    /// The directory that `path` is in and its last component, for the `*at` calls that change an entry.
    ///
    /// # Errors
    /// `path` has no last component (`/`, `..`), or the directory cannot be opened.
    pub fn parent_of<'a>(&self, path: &'a Path) -> Result<(OwnedFd, &'a OsStr), Error> {
        let name = path.file_name().ok_or_else(|| Error::new("open", path, io::ErrorKind::InvalidInput))?;
        let parent = path.parent().unwrap_or(Path::new("/"));
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let directory =
            self.resolve(parent, flags, Mode::empty()).map_err(|e| Error::new("open", parent, e))?;
        Ok((directory, name))
    }

    /// A root below this one.
    ///
    /// # Errors
    /// `path` is no directory, or what `openat2(2)` says.
    pub fn subdirectory(&self, path: &Path) -> Result<Self, Error> {
        self.open_with(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).map(Self)
    }

    /// Opens a regular file for reading. Anything else is refused without waiting for it (a named pipe) or
    /// waking it (a device).
    ///
    /// # Errors
    /// It is no regular file, or what `openat2(2)` says.
    pub fn open_file(&self, path: &Path) -> Result<File, Error> {
        let fd = self.open_with(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())?;
        let stat = rustix::fs::fstat(&fd).map_err(|source| Error::new("stat", path, source))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::new("read", path, io::Error::other("not a regular file")));
        }
        Ok(fd.into())
    }

    /// The content of a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// It is longer, no regular file, or cannot be read.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        let file = self.open_file(path)?;
        let mut content = Vec::new();
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut content);
        read.map_err(|source| Error::new("read", path, source))?;
        if content.len() as u64 > limit {
            let reason = format!("longer than {limit} bytes");
            return Err(Error::new("read", path, io::Error::other(reason)));
        }
        Ok(content)
    }

    /// What `path` is, following links.
    ///
    /// # Errors
    /// It does not exist or cannot be looked at.
    pub fn stat(&self, path: &Path) -> Result<Stat, Error> {
        rustix::fs::fstat(self.locate(path)?).map_err(|source| Error::new("stat", path, source))
    }

    /// What `path` is; a symbolic link as last component is not followed.
    ///
    /// # Errors
    /// It does not exist or cannot be looked at.
    pub fn stat_entry(&self, path: &Path) -> Result<Stat, Error> {
        rustix::fs::fstat(self.locate_entry(path)?).map_err(|source| Error::new("stat", path, source))
    }

    /// The target of the symbolic link `path`.
    ///
    /// # Errors
    /// It is no symbolic link, or cannot be read.
    pub fn read_link(&self, path: &Path) -> Result<PathBuf, Error> {
        let link = self.locate_entry(path)?;
        read_link_at(link.as_fd()).map_err(|source| Error::new("read link", path, source))
    }

    fn resolve(&self, path: &Path, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let how = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mut result = openat2(&self.0, path, flags | OFlags::CLOEXEC, mode, how);
        for _ in 0..RACE_RETRIES {
            if result.as_ref().err() != Some(&rustix::io::Errno::AGAIN) {
                break;
            }
            result = openat2(&self.0, path, flags | OFlags::CLOEXEC, mode, how);
        }
        Ok(result?)
    }
}

impl From<OwnedFd> for Root {
    /// Takes an open directory as a root.
    fn from(directory: OwnedFd) -> Self {
        Self(directory)
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The target of the link that an `O_PATH` descriptor names.
fn read_link_at(link: BorrowedFd<'_>) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let target = rustix::fs::readlinkat(link, "", Vec::new())?;
    Ok(OsString::from_vec(target.into_bytes()).into())
}
