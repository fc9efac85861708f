//! A file or tree of a container as a tar archive.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstatfs, openat, readlinkat, statat};
use rustix::io::Errno;
use wharf_container::fsroot::Root;
use wharf_image::tar::{Entry, Kind, TarWriter};

use super::stat::{base_name, follows};
use super::view::kind;

/// File systems whose files are the kernel's and not the container's: their directories are packed empty (`linux/magic.h`).
const KERNEL_FILE_SYSTEMS: [u64; 6] = [0x9fa0, 0x6265_6572, 0x0027_e0eb, 0x6367_7270, 0x1cd1, 0x1980_0202];
const CAPABILITY: &str = "security.capability";
/// The largest value that the kernel gives this attribute (`struct vfs_ns_cap_data`), with room.
const CAPABILITY_MAX: usize = 64;

/// The name that `path` itself gets in an archive, as Docker chooses it.
pub fn archive_name(path: &str) -> &str {
    base_name(path)
}

/// Writes `path` as `name`, and what is below it when it is a directory. Links are not followed (the last component of `path` is
/// when a slash comes after it). A file that shrinks meanwhile is filled up with zeros, one that grows is cut: the archive stays whole.
///
/// # Errors
/// Something cannot be read, or the sink fails.
pub fn pack(root: &Root, path: &str, name: &str, sink: impl Write) -> io::Result<()> {
    let mut packer = Packer { archive: TarWriter::new(sink), links: HashMap::new() };
    if follows(path) {
        let directory = root.subdirectory(Path::new(path)).map_err(|error| error.source)?;
        packer.entry(directory.as_fd(), OsStr::new("."), name.as_bytes())?;
    } else if path.trim_matches('/').is_empty() {
        packer.entry(root.as_fd(), OsStr::new("."), name.as_bytes())?;
    } else {
        let (parent, last) = root.parent_of(Path::new(path)).map_err(|error| error.source)?;
        packer.entry(parent.as_fd(), last, name.as_bytes())?;
    }
    packer.archive.finish()?;
    Ok(())
}

struct Packer<W> {
    archive: TarWriter<W>,
    /// The first name of each file that has several, by device and inode.
    links: HashMap<(u64, u64), Vec<u8>>,
}

impl<W: Write> Packer<W> {
    fn entry(&mut self, parent: BorrowedFd<'_>, name: &OsStr, path: &[u8]) -> io::Result<()> {
        let stat = match statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            // It was removed since its directory was read.
            Err(Errno::NOENT) => return Ok(()),
            other => other?,
        };
        match kind(&stat) {
            FileType::Directory => self.directory(parent, name, path, &stat),
            FileType::RegularFile => self.file(parent, name, path, &stat),
            FileType::Symlink => {
                let mut entry = described(Kind::Symlink, path, &stat);
                entry.link = readlinkat(parent, name, Vec::new())?.into_bytes();
                self.archive.append(&entry, io::empty())
            }
            FileType::CharacterDevice => {
                self.archive.append(&described(Kind::Character, path, &stat), io::empty())
            }
            FileType::BlockDevice => self.archive.append(&described(Kind::Block, path, &stat), io::empty()),
            FileType::Fifo => self.archive.append(&described(Kind::Fifo, path, &stat), io::empty()),
            // A socket means nothing without the process behind it.
            _ => Ok(()),
        }
    }

    fn directory(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        path: &[u8],
        stat: &Stat,
    ) -> io::Result<()> {
        if !path.is_empty() {
            let path = if path.ends_with(b"/") { path.to_vec() } else { [path, b"/"].concat() };
            self.archive.append(&described(Kind::Directory, &path, stat), io::empty())?;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(parent, name, flags, Mode::empty())?;
        if KERNEL_FILE_SYSTEMS.contains(&fstatfs(&opened)?.f_type.cast_unsigned()) {
            return Ok(());
        }
        for child in children(&opened)? {
            self.entry(opened.as_fd(), OsStr::from_bytes(&child), &below(path, &child))?;
        }
        Ok(())
    }

    fn file(&mut self, parent: BorrowedFd<'_>, name: &OsStr, path: &[u8], stat: &Stat) -> io::Result<()> {
        if stat.st_nlink > 1 {
            if let Some(first) = self.links.get(&(stat.st_dev, stat.st_ino)) {
                let mut entry = described(Kind::HardLink, path, stat);
                entry.link = first.clone();
                return self.archive.append(&entry, io::empty());
            }
            self.links.insert((stat.st_dev, stat.st_ino), path.to_vec());
        }
        // Not to block on something that was put in the file's place.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(parent, name, flags, Mode::empty())?);
        let mut entry = described(Kind::Regular, path, stat);
        entry.xattrs = capability(&file)?;
        let content = file.chain(io::repeat(0)).take(entry.size);
        self.archive.append(&entry, content)
    }
}

/// Names in a directory, sorted, so that equal trees give equal archives.
fn children(directory: impl AsFd) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn below(path: &[u8], child: &[u8]) -> Vec<u8> {
    match path {
        b"" => child.to_vec(),
        _ if path.ends_with(b"/") => [path, child].concat(),
        _ => [path, b"/", child].concat(),
    }
}

fn described(kind: Kind, path: &[u8], stat: &Stat) -> Entry {
    let mut entry = Entry::new(kind, path);
    entry.mode = stat.st_mode & 0o7777;
    entry.uid = stat.st_uid;
    entry.gid = stat.st_gid;
    entry.mtime = (stat.st_mtime, u32::try_from(stat.st_mtime_nsec).unwrap_or_default());
    match kind {
        Kind::Regular => entry.size = u64::try_from(stat.st_size).unwrap_or_default(),
        Kind::Character | Kind::Block => {
            entry.device = (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev));
        }
        _ => {}
    }
    entry
}

/// The one attribute without which a copied program does not do what it did (contract 7.4.5).
fn capability(file: &File) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let mut value = [0; CAPABILITY_MAX];
    match rustix::fs::getxattr(path, CAPABILITY, &mut value[..]) {
        Ok(length) => Ok(vec![(CAPABILITY.into(), value[..length].to_vec())]),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use wharf_image::tar::TarReader;

    fn packed(directory: &Path, path: &str) -> Vec<(String, Kind, Vec<u8>)> {
        let root = Root::open(directory).unwrap();
        let mut archive = Vec::new();
        pack(&root, path, archive_name(path), &mut archive).unwrap();
        let mut reader = TarReader::new(&archive[..]);
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            entries.push((String::from_utf8(entry.path).unwrap(), entry.kind, content));
        }
        entries
    }

    fn names(directory: &Path, path: &str) -> Vec<String> {
        packed(directory, path).into_iter().map(|(name, ..)| name).collect()
    }

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("d/sub")).unwrap();
        fs::write(directory.path().join("d/f"), "x\n").unwrap();
        fs::hard_link(directory.path().join("d/f"), directory.path().join("d/g")).unwrap();
        symlink("f", directory.path().join("d/l")).unwrap();
        symlink("/d", directory.path().join("ld")).unwrap();
        directory
    }

    #[test]
    fn names_are_rebased_as_docker_does_it() {
        let tree = tree();
        assert_eq!(names(tree.path(), "/d"), ["d/", "d/f", "d/g", "d/l", "d/sub/"]);
        assert_eq!(names(tree.path(), "/d/."), ["./", "./f", "./g", "./l", "./sub/"]);
        assert_eq!(names(tree.path(), "/ld/"), ["ld/", "ld/f", "ld/g", "ld/l", "ld/sub/"]);
        assert_eq!(names(tree.path(), "/ld"), ["ld"]);
        assert_eq!(names(tree.path(), "/")[..2], ["/", "/d/"]);
    }

    #[test]
    fn content_and_links_are_kept() {
        let tree = tree();
        let entries = packed(tree.path(), "/d");
        assert_eq!(entries[1], ("d/f".to_owned(), Kind::Regular, b"x\n".to_vec()));
        assert_eq!(entries[2].1, Kind::HardLink);
        assert_eq!(entries[3].1, Kind::Symlink);
    }

    #[test]
    fn an_export_has_no_entry_for_the_root_itself() {
        let tree = tree();
        let mut archive = Vec::new();
        pack(&Root::open(tree.path()).unwrap(), "/", "", &mut archive).unwrap();
        let first = TarReader::new(&archive[..]).next_entry().unwrap().unwrap();
        assert_eq!(first.path, b"d/");
    }
}
