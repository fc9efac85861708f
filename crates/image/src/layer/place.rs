//! Makes one entry: the object, then owner, attributes, mode and time, in this order (contract 7.4.3 to
//! 7.4.6).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::error::LayerError;
use super::extract::{Extractor, is_directory};
use super::{name, whiteout};
use crate::disk::{self, Parent};
use crate::tar::{Entry, Kind, Segment, printable};

/// Makes `entry` at `parent`. Returns how many bytes of content were written.
pub(super) fn place(
    extractor: &mut Extractor,
    parent: &Parent,
    path: &[u8],
    entry: &Entry,
    content: &mut impl Read,
) -> Result<u64, LayerError> {
    match entry.kind {
        Kind::Directory => place_directory(extractor, parent, path, entry).map(|()| 0),
        Kind::HardLink => place_hard_link(extractor, parent, path, entry).map(|()| 0),
        Kind::Regular => place_file(extractor, parent, path, entry, content),
        Kind::Symlink => {
            make_replacing(extractor, parent, path, |name| {
                rustix::fs::symlinkat(as_name(&entry.link), &parent.directory, name)
            })?;
            apply_metadata(parent, entry, path).map(|()| 0)
        }
        Kind::Character | Kind::Block | Kind::Fifo => {
            place_special(extractor, parent, path, entry).map(|()| 0)
        }
    }
}

/// Tries to make something; what is in its way is removed first.
fn make_replacing<T>(
    extractor: &mut Extractor,
    parent: &Parent,
    path: &[u8],
    make: impl Fn(&OsStr) -> rustix::io::Result<T>,
) -> Result<T, LayerError> {
    let name = as_name(&parent.name);
    match make(name) {
        Err(Errno::EXIST) => {
            extractor.remove(parent, path)?;
            make(name).map_err(LayerError::entry("create", path))
        }
        other => other.map_err(LayerError::entry("create", path)),
    }
}

fn place_directory(
    extractor: &mut Extractor,
    parent: &Parent,
    path: &[u8],
    entry: &Entry,
) -> Result<(), LayerError> {
    let error = |error| LayerError::entry("create the directory", path)(error);
    let there = whiteout::look(parent.directory.as_fd(), &parent.name).map_err(error)?;
    if !there.as_ref().is_some_and(is_directory) {
        make_replacing(extractor, parent, path, |name| {
            rustix::fs::mkdirat(&parent.directory, name, Mode::from_raw_mode(0o700))
        })?;
    }
    apply_metadata(parent, entry, path)?;
    if there.is_some_and(|stat| whiteout::is_whiteout(&stat)) {
        let made = disk::open_path(parent.directory.as_fd(), &parent.name).map_err(error)?;
        whiteout::mark_opaque(made.as_fd()).map_err(error)?;
    }
    Ok(())
}

fn place_hard_link(
    extractor: &mut Extractor,
    parent: &Parent,
    path: &[u8],
    entry: &Entry,
) -> Result<(), LayerError> {
    let Some(target) = name::clean_inside(&entry.link) else {
        return Err(LayerError::LinkEscapes { path: printable(path), target: printable(&entry.link) });
    };
    if target == path {
        return Ok(());
    }
    let mut from = link_source(extractor, path, &target)?;
    if from.is_none() && extractor.bring_up(&target)? {
        from = link_source(extractor, path, &target)?;
    }
    let missing = || LayerError::LinkTargetMissing { path: printable(path), target: printable(&target) };
    let from = from.ok_or_else(missing)?;
    make_replacing(extractor, parent, path, |name| {
        rustix::fs::linkat(&from.directory, as_name(&from.name), &parent.directory, name, AtFlags::empty())
    })
}

/// Where a link's target is in this layer, if it is there.
fn link_source(extractor: &mut Extractor, path: &[u8], target: &[u8]) -> Result<Option<Parent>, LayerError> {
    let from = match extractor.root.parent(target) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        other => other.map_err(LayerError::entry("find the target of", path))?,
    };
    let there =
        whiteout::look(from.directory.as_fd(), &from.name).map_err(LayerError::entry("link", path))?;
    Ok(there.filter(|stat| !whiteout::is_whiteout(stat)).map(|_| from))
}

fn place_special(
    extractor: &mut Extractor,
    parent: &Parent,
    path: &[u8],
    entry: &Entry,
) -> Result<(), LayerError> {
    let kind = match entry.kind {
        Kind::Character => FileType::CharacterDevice,
        Kind::Block => FileType::BlockDevice,
        _ => FileType::Fifo,
    };
    // Only the initial user namespace may make devices; images work without them (contract 7.4.6).
    if kind != FileType::Fifo && whiteout::in_user_namespace() {
        return Ok(());
    }
    let device = rustix::fs::makedev(entry.device.0, entry.device.1);
    make_replacing(extractor, parent, path, |name| {
        rustix::fs::mknodat(&parent.directory, name, kind, Mode::from_raw_mode(0o600), device)
    })?;
    apply_metadata(parent, entry, path)
}

fn place_file(
    extractor: &mut Extractor,
    parent: &Parent,
    path: &[u8],
    entry: &Entry,
    content: &mut impl Read,
) -> Result<u64, LayerError> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
    let opened = make_replacing(extractor, parent, path, |name| {
        rustix::fs::openat(&parent.directory, name, flags, Mode::from_raw_mode(0o600))
    })?;
    let mut file = File::from(opened);
    let written = match &entry.sparse {
        None => copy(content, &mut file, &mut extractor.buffer),
        Some(segments) => write_segments(&mut file, segments, entry.size, content, &mut extractor.buffer),
    };
    let written = written.map_err(LayerError::entry("write", path))?;
    file_metadata(&file, entry).map_err(LayerError::entry("set the metadata of", path))?;
    Ok(written)
}

/// Like [`io::copy`], with one large buffer for all files of a layer.
fn copy(content: &mut impl Read, file: &mut File, buffer: &mut [u8]) -> io::Result<u64> {
    let mut written = 0;
    loop {
        let count = content.read(buffer)?;
        if count == 0 {
            return Ok(written);
        }
        file.write_all(&buffer[..count])?;
        written += count as u64;
    }
}

fn write_segments(
    file: &mut File,
    segments: &[Segment],
    size: u64,
    content: &mut impl Read,
    buffer: &mut [u8],
) -> io::Result<u64> {
    let mut written = 0;
    for segment in segments {
        file.seek(SeekFrom::Start(segment.offset))?;
        written += copy(&mut content.take(segment.length), file, buffer)?;
    }
    file.set_len(size)?;
    Ok(written)
}

fn file_metadata(file: &File, entry: &Entry) -> Result<(), io::Error> {
    rustix::fs::fchown(file, Some(Uid::from_raw(entry.uid)), Some(Gid::from_raw(entry.gid)))?;
    for (name, value) in image_attributes(entry) {
        tolerate(entry.kind, name, rustix::fs::fsetxattr(file, as_name(name), value, XattrFlags::empty()))?;
    }
    rustix::fs::fchmod(file, Mode::from_raw_mode(entry.mode))?;
    let time = Timespec { tv_sec: entry.mtime.0, tv_nsec: entry.mtime.1.into() };
    rustix::fs::futimens(file, &Timestamps { last_access: time, last_modification: time })?;
    Ok(())
}

/// Owner, attributes, mode and time of anything but a regular file.
pub(super) fn apply_metadata(parent: &Parent, entry: &Entry, path: &[u8]) -> Result<(), LayerError> {
    let set = || -> Result<(), io::Error> {
        let directory = parent.directory.as_fd();
        disk::set_owner(directory, &parent.name, entry.uid, entry.gid)?;
        if entry.kind == Kind::Symlink {
            for (name, value) in image_attributes(entry) {
                tolerate(entry.kind, name, disk::set_xattr_symlink(directory, &parent.name, name, value))?;
            }
        } else {
            let opened = disk::open_path(directory, &parent.name)?;
            for (name, value) in image_attributes(entry) {
                tolerate(entry.kind, name, disk::set_xattr(opened.as_fd(), name, value))?;
            }
            disk::chmod(opened.as_fd(), entry.mode)?;
        }
        Ok(disk::set_time_at(directory, &parent.name, entry.mtime)?)
    };
    set().map_err(LayerError::entry("set the metadata of", path))
}

/// An image may not speak to overlayfs: redirects and reference copies are the mounting engine's business.
fn image_attributes(entry: &Entry) -> impl Iterator<Item = (&[u8], &[u8])> {
    let all = entry.xattrs.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
    all.filter(|(name, _)| whiteout::overlay_attribute(name).is_none())
}

/// Contract 7.4.5: file systems without attributes, and `user.*` on special files and links, are no failure.
fn tolerate(kind: Kind, name: &[u8], result: rustix::io::Result<()>) -> rustix::io::Result<()> {
    let plain = matches!(kind, Kind::Regular | Kind::Directory);
    match result {
        Err(Errno::NOTSUP) => Ok(()),
        Err(Errno::PERM) if !plain && name.starts_with(b"user.") => Ok(()),
        // A user namespace can neither keep nor use these.
        Err(Errno::PERM) if whiteout::in_user_namespace() && name.starts_with(b"trusted.") => Ok(()),
        other => other,
    }
}

fn as_name(name: &[u8]) -> &OsStr {
    OsStr::from_bytes(name)
}
