//! Writes a layer directory as an archive: the same directory always gives the same bytes.
//!
//! Entries are sorted by name, times are whole seconds, overlayfs's deletions become whiteout entries again.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Dir, FileType, Mode, OFlags, Stat};

use super::error::LayerError;
use super::extract::Extracted;
use super::name::{child, opaque_marker_of, whiteout_of};
use super::whiteout;
use crate::disk;
use crate::tar::{Entry, Kind, TarWriter, printable};

/// Writes everything below `directory` to `sink`. Returns the sink and what [`super::extract()`] would
/// report.
///
/// # Errors
/// [`LayerError::OverlayReference`] for an upper directory of an overlay mounted with `redirect_dir` or `metacopy`;
/// otherwise what reading or writing fails with.
pub(crate) fn pack<W: Write>(directory: &Path, sink: W) -> Result<(W, Extracted), LayerError> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let root = rustix::fs::open(directory, flags, Mode::empty()).map_err(LayerError::entry("open", b"/"))?;
    let mut packer =
        Packer { writer: TarWriter::new(sink), linked: BTreeMap::new(), content: Extracted::default() };
    packer.directory(&root, b"")?;
    let sink = packer.writer.finish().map_err(LayerError::entry("write the archive of", b"/"))?;
    Ok((sink, packer.content))
}

struct Packer<W> {
    writer: TarWriter<W>,
    /// Device and inode of files with several names, and the name they were written under.
    linked: BTreeMap<(u64, u64), Vec<u8>>,
    /// What unpacking the archive again will find.
    content: Extracted,
}

impl<W: Write> Packer<W> {
    fn directory(&mut self, directory: &OwnedFd, path: &[u8]) -> Result<(), LayerError> {
        let (attributes, opaque) = attributes(directory.as_fd(), b".", path)?;
        if !path.is_empty() {
            let stat = rustix::fs::fstat(directory).map_err(LayerError::entry("read", path))?;
            let mut entry = described(Kind::Directory, [path, b"/"].concat(), &stat);
            entry.xattrs = attributes;
            self.append(&entry, io::empty())?;
        }
        if opaque {
            self.content.opaque_root |= path.is_empty();
            self.append(&Entry::new(Kind::Regular, opaque_marker_of(path)), io::empty())?;
        }
        for name in sorted_names(directory, path)? {
            self.item(directory.as_fd(), &name, &child(path, &name))?;
        }
        Ok(())
    }

    fn item(&mut self, directory: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<(), LayerError> {
        let found = whiteout::look(directory, name).map_err(LayerError::entry("read", path))?;
        // It is gone again: the container it belongs to still runs.
        let Some(stat) = found else { return Ok(()) };
        if whiteout::is_whiteout(&stat) {
            return self.append(&Entry::new(Kind::Regular, whiteout_of(path)), io::empty());
        }
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let opened =
                    open(directory, name, OFlags::DIRECTORY).map_err(LayerError::entry("open", path))?;
                self.directory(&opened, path)
            }
            FileType::RegularFile => self.file(directory, name, path, &stat),
            FileType::Symlink => self.symlink(directory, name, path, &stat),
            FileType::CharacterDevice => self.special(Kind::Character, directory, name, path, &stat),
            FileType::BlockDevice => self.special(Kind::Block, directory, name, path, &stat),
            FileType::Fifo => self.special(Kind::Fifo, directory, name, path, &stat),
            // Sockets mean nothing without the process that made them, and archives cannot hold them.
            _ => Ok(()),
        }
    }

    fn file(
        &mut self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        path: &[u8],
        stat: &Stat,
    ) -> Result<(), LayerError> {
        if stat.st_nlink > 1 {
            let inode = (stat.st_dev, stat.st_ino);
            if let Some(first) = self.linked.get(&inode) {
                let mut entry = described(Kind::HardLink, path.to_vec(), stat);
                entry.link = first.clone();
                return self.append(&entry, io::empty());
            }
            self.linked.insert(inode, path.to_vec());
        }
        let error = |error| LayerError::entry("open", path)(error);
        let file = File::from(open(directory, name, OFlags::NONBLOCK).map_err(error)?);
        let stat = rustix::fs::fstat(&file).map_err(error)?;
        let mut entry = described(Kind::Regular, path.to_vec(), &stat);
        entry.size = u64::try_from(stat.st_size).unwrap_or(0);
        entry.xattrs = attributes(directory, name, path)?.0;
        self.content.size += entry.size;
        self.append(&entry, file)
    }

    fn symlink(
        &mut self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        path: &[u8],
        stat: &Stat,
    ) -> Result<(), LayerError> {
        let target = rustix::fs::readlinkat(directory, OsStr::from_bytes(name), Vec::new());
        let mut entry = described(Kind::Symlink, path.to_vec(), stat);
        entry.link = target.map_err(LayerError::entry("read the link", path))?.into_bytes();
        entry.xattrs = attributes(directory, name, path)?.0;
        self.append(&entry, io::empty())
    }

    fn special(
        &mut self,
        kind: Kind,
        directory: BorrowedFd<'_>,
        name: &[u8],
        path: &[u8],
        stat: &Stat,
    ) -> Result<(), LayerError> {
        let mut entry = described(kind, path.to_vec(), stat);
        entry.device = (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev));
        entry.xattrs = attributes(directory, name, path)?.0;
        self.append(&entry, io::empty())
    }

    fn append(&mut self, entry: &Entry, content: impl io::Read) -> Result<(), LayerError> {
        self.writer.append(entry, content).map_err(LayerError::entry("archive", &entry.path))
    }
}

pub(super) fn described(kind: Kind, path: Vec<u8>, stat: &Stat) -> Entry {
    let mut entry = Entry::new(kind, path);
    entry.mode = stat.st_mode & 0o7777;
    entry.uid = stat.st_uid;
    entry.gid = stat.st_gid;
    entry.mtime = (stat.st_mtime, 0);
    entry
}

fn open(directory: BorrowedFd<'_>, name: &[u8], kind: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | kind;
    rustix::fs::openat(directory, OsStr::from_bytes(name), flags, Mode::empty())
}

fn sorted_names(directory: &OwnedFd, path: &[u8]) -> Result<Vec<Vec<u8>>, LayerError> {
    let error = |error| LayerError::entry("list", path)(error);
    let mut names = Vec::new();
    for item in Dir::read_from(directory).map_err(error)? {
        let item = item.map_err(error)?;
        match item.file_name().to_bytes() {
            b"." | b".." => {}
            name => names.push(name.to_vec()),
        }
    }
    names.sort();
    Ok(names)
}

pub(super) type Attributes = Vec<(Vec<u8>, Vec<u8>)>;

/// The attributes that belong to the image, and whether overlayfs marks the directory opaque.
pub(super) fn attributes(
    directory: BorrowedFd<'_>,
    name: &[u8],
    path: &[u8],
) -> Result<(Attributes, bool), LayerError> {
    let all =
        disk::read_xattrs(directory, name).map_err(LayerError::entry("read the attributes of", path))?;
    let mut kept = Vec::new();
    let mut opaque = false;
    for (name, value) in all {
        match whiteout::overlay_attribute(&name) {
            Some(b"opaque") => opaque |= value == b"y",
            Some(b"redirect" | b"metacopy") => {
                return Err(LayerError::OverlayReference {
                    path: printable(path),
                    attribute: printable(&name),
                });
            }
            Some(_) => {}
            None if belongs_to_image(&name) => kept.push((name, value)),
            None => {}
        }
    }
    Ok((kept, opaque))
}

/// Access labels and lists belong to the host's policy, not to the image (contract 8.7.3).
fn belongs_to_image(name: &[u8]) -> bool {
    name == b"security.capability" || !(name.starts_with(b"security.") || name.starts_with(b"system."))
}
