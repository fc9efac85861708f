//! Making what is missing below a root, component by component (contract 10.2, CVE-2024-45310).

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Error, Root, read_link_at};

/// How many symbolic links a path may contain, as in the kernel.
const MAX_LINKS: usize = 40;

impl Root {
    /// Opens the directory `path`, making it and its missing parents with `mode` (less the umask).
    /// A dangling symbolic link on the way is followed and its target made, inside the root.
    ///
    /// # Errors
    /// Something on the way is no directory, there are too many links, or it cannot be made.
    pub fn create_directories(&self, path: &Path, mode: Mode) -> Result<OwnedFd, Error> {
        let existing = self.resolve(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty());
        match existing {
            Ok(directory) => Ok(directory),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.create_missing(path, mode).map_err(|source| Error::new("create directory", path, source))
            }
            Err(error) => Err(Error::new("open", path, error)),
        }
    }

    /// Names the file `path`, making it empty with `mode` when nothing is there; missing parents are made
    /// with 0755.
    ///
    /// # Errors
    /// As [`Self::create_directories`].
    pub fn create_file(&self, path: &Path, mode: Mode) -> Result<OwnedFd, Error> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            match self.resolve(&path, OFlags::PATH, Mode::empty()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => return result.map_err(|source| Error::new("open", &path, source)),
            }
            let parent = path.parent().unwrap_or(Path::new("/")).to_owned();
            let directory = self.create_directories(&parent, Mode::from_raw_mode(0o755))?;
            match self.read_link(&path) {
                Ok(target) => path = parent.join(target),
                Err(_) => {
                    let name = path.file_name().unwrap_or_default();
                    let flags =
                        OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    match rustix::fs::openat(&directory, name, flags, mode) {
                        Ok(_) | Err(Errno::EXIST) => {}
                        Err(source) => return Err(Error::new("create", &path, source)),
                    }
                }
            }
        }
        Err(Error::new("create", &path, Errno::LOOP))
    }

    /// Walks down `path`, keeping a link-free prefix, and makes what is missing.
    fn create_missing(&self, path: &Path, mode: Mode) -> io::Result<OwnedFd> {
        let mut done = PathBuf::from("/");
        let mut directory = self.open_directory(&done)?;
        let mut rest = components(path);
        let mut links = 0;
        while let Some(name) = rest.pop_front() {
            if name == ".." {
                done.pop();
                directory = self.open_directory(&done)?;
                continue;
            }
            match enter_or_create(&directory, &name, mode)? {
                Step::Directory(next) => {
                    done.push(&name);
                    directory = next;
                }
                Step::Link(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::LOOP.into());
                    }
                    if target.is_absolute() {
                        done = PathBuf::from("/");
                        directory = self.open_directory(&done)?;
                    }
                    let mut target = components(&target);
                    target.append(&mut rest);
                    rest = target;
                }
            }
        }
        Ok(directory)
    }

    fn open_directory(&self, path: &Path) -> io::Result<OwnedFd> {
        self.resolve(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())
    }
}

/// One component further.
enum Step {
    Directory(OwnedFd),
    Link(PathBuf),
}

fn enter_or_create(directory: &OwnedFd, name: &OsString, mode: Mode) -> io::Result<Step> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut entry = rustix::fs::openat(directory, name, flags, Mode::empty());
    if entry.as_ref().err() == Some(&Errno::NOENT) {
        match rustix::fs::mkdirat(directory, name, mode) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        entry = rustix::fs::openat(directory, name, flags, Mode::empty());
    }
    let entry = entry?;
    match FileType::from_raw_mode(rustix::fs::fstat(&entry)?.st_mode) {
        FileType::Directory => Ok(Step::Directory(entry)),
        FileType::Symlink => read_link_at(entry.as_fd()).map(Step::Link),
        _ => Err(Errno::NOTDIR.into()),
    }
}

/// The components that lead somewhere: names and `..`.
fn components(path: &Path) -> VecDeque<OsString> {
    let leading = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    leading.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn with_root(test: impl Fn(&Path, &Path, &Root)) {
        let top = tempfile::tempdir().unwrap();
        let inside = top.path().join("root");
        fs::create_dir(&inside).unwrap();
        test(top.path(), &inside, &Root::open(&inside).unwrap());
        let outside: Vec<_> = fs::read_dir(top.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(outside, ["root"], "nothing may be made outside of the root");
    }

    fn directories(root: &Root, path: &str) -> Result<OwnedFd, Error> {
        root.create_directories(Path::new(path), Mode::from_raw_mode(0o755))
    }

    fn file(root: &Root, path: &str) -> Result<OwnedFd, Error> {
        root.create_file(Path::new(path), Mode::from_raw_mode(0o644))
    }

    #[test]
    fn missing_parents_are_made() {
        with_root(|_, inside, root| {
            directories(root, "/a/b/../c").unwrap();
            assert!(inside.join("a/b").is_dir() && inside.join("a/c").is_dir());
            file(root, "x/y").unwrap();
            assert_eq!(fs::read(inside.join("x/y")).unwrap(), b"");
        });
    }

    #[test]
    fn links_and_dots_stay_inside() {
        with_root(|top, inside, root| {
            symlink("/../../evil", inside.join("up")).unwrap();
            symlink(top, inside.join("absolute")).unwrap();
            directories(root, "up/a").unwrap();
            directories(root, "absolute/b").unwrap();
            directories(root, "../../c").unwrap();
            assert!(inside.join("evil/a").is_dir() && inside.join("c").is_dir());
            assert!(inside.join(top.strip_prefix("/").unwrap()).join("b").is_dir());
        });
    }

    #[test]
    fn a_dangling_link_leads_to_a_new_file_inside() {
        with_root(|_, inside, root| {
            fs::create_dir(inside.join("etc")).unwrap();
            symlink("../run/stub/resolv.conf", inside.join("etc/resolv.conf")).unwrap();
            file(root, "/etc/resolv.conf").unwrap();
            assert!(inside.join("run/stub/resolv.conf").is_file());
        });
    }

    #[test]
    fn loops_and_files_in_the_way_are_errors() {
        with_root(|_, inside, root| {
            symlink("loop", inside.join("loop")).unwrap();
            assert!(directories(root, "loop/a").is_err());
            assert!(file(root, "loop").is_err());
            fs::write(inside.join("file"), "").unwrap();
            assert!(directories(root, "file/a").is_err());
        });
    }

    #[test]
    fn reading_is_bounded_and_only_from_regular_files() {
        with_root(|_, inside, root| {
            fs::write(inside.join("five"), "12345").unwrap();
            assert_eq!(root.read(Path::new("/five"), 5).unwrap(), b"12345");
            assert!(root.read(Path::new("/five"), 4).is_err());
            rustix::fs::mknodat(rustix::fs::CWD, inside.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
            assert!(root.read(Path::new("pipe"), 5).is_err());
        });
    }
}
