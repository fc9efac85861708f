//! Visiting a tree below a root without following any link.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, statat};

use super::{Error, Root};

/// One thing in a tree.
#[derive(Debug)]
pub struct Entry {
    /// Its path relative to where the walk began.
    pub path: PathBuf,
    /// What it is (not followed).
    pub stat: Stat,
}

impl Entry {
    /// Its kind.
    pub fn file_type(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }
}

/// A depth-first walk, parents before their children, siblings in the order of the directory.
#[derive(Debug)]
pub struct Walk {
    /// Open directories from the outermost to the current one.
    open: Vec<(PathBuf, Dir)>,
}

impl Root {
    /// Walks everything below the directory `path`, without `path` itself. No link is followed and no mount
    /// is avoided.
    ///
    /// # Errors
    /// `path` is no directory or cannot be read.
    pub fn walk(&self, path: &Path) -> Result<Walk, Error> {
        let start = self.open_with(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        let directory = Dir::new(start).map_err(|source| Error::new("read directory", path, source))?;
        Ok(Walk { open: vec![(PathBuf::new(), directory)] })
    }
}

impl Walk {
    /// The directory that the entry returned last is in, for the `*at` calls.
    /// None before the first entry, and after an entry that is a directory.
    pub fn directory(&self) -> Option<BorrowedFd<'_>> {
        self.open.last().and_then(|(_, directory)| directory.fd().ok())
    }

    /// The next entry of the innermost open directory, with the directory that it opens when it is one.
    fn step(&mut self) -> Option<Result<(Entry, Option<Dir>), Error>> {
        let (parent, directory) = self.open.last_mut()?;
        loop {
            let entry = match directory.read()? {
                Ok(entry) => entry,
                Err(source) => return Some(Err(Error::new("read directory", parent, source))),
            };
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let path = parent.join(name);
            return Some(look(directory, name, path));
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.open.is_empty() {
            match self.step() {
                Some(Ok((entry, inner))) => {
                    self.open.extend(inner.map(|inner| (entry.path.clone(), inner)));
                    return Some(Ok(entry));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => drop(self.open.pop()),
            }
        }
        None
    }
}

fn look(directory: &Dir, name: &OsStr, path: PathBuf) -> Result<(Entry, Option<Dir>), Error> {
    let parent = directory.fd().map_err(|source| Error::new("read directory", &path, source))?;
    let stat = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW);
    let stat = stat.map_err(|source| Error::new("stat", &path, source))?;
    let entry = Entry { path, stat };
    if entry.file_type() != FileType::Directory {
        return Ok((entry, None));
    }
    let inner = open_directory(parent.as_fd(), name).and_then(Dir::new);
    let inner = inner.map_err(|source| Error::new("open", &entry.path, source))?;
    Ok((entry, Some(inner)))
}

fn open_directory(parent: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn everything_is_visited_once_and_links_are_not_followed() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("a/b")).unwrap();
        fs::write(top.path().join("a/b/c"), "x").unwrap();
        std::os::unix::fs::symlink("/", top.path().join("a/link")).unwrap();
        let root = Root::open(top.path()).unwrap();
        let mut seen: Vec<_> = root.walk(Path::new("/")).unwrap().map(|entry| entry.unwrap().path).collect();
        seen.sort();
        assert_eq!(seen, ["a", "a/b", "a/b/c", "a/link"].map(PathBuf::from));
    }
}
