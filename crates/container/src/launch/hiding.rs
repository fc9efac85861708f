//! Paths that a container may not see, or only read (contract 1.5). Runs inside the new root.

use std::cell::OnceCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::FileType;

use super::error::{At, SetupError};
use super::mount_api::{attach, copy_mount, cover_read_only, new_mount};
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::spec::MountOptions;
use crate::stdio;

const STAGE: Stage = Stage::Mounts;

/// Covers each path that exists with a read-only view of itself.
pub(super) fn make_read_only(paths: &[String], root: &Root) -> Result<(), SetupError> {
    for path in paths {
        let Some(target) = find(path, root)? else { continue };
        cover_read_only(target.as_fd()).at(STAGE, || format!("make {path} read-only"))?;
    }
    Ok(())
}

/// Covers each directory that exists with an empty one and each file with the null device.
pub(super) fn mask(paths: &[String], root: &Root) -> Result<(), SetupError> {
    let empty = OnceCell::new();
    let null = OnceCell::new();
    for path in paths {
        let what = || format!("hide {path}");
        let Some(target) = find(path, root)? else { continue };
        let stat = rustix::fs::fstat(&target).at(STAGE, what)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => cover_with_nothing(&empty, target.as_fd()),
            _ => cover_with_copy(cached(&null, || null_device(root))?, target.as_fd()),
        }
        .at(STAGE, what)?;
    }
    Ok(())
}

/// The first directory gets the empty one itself, the others copies of it: before Linux 6.15 only what is attached can be copied.
fn cover_with_nothing(empty: &OnceCell<OwnedFd>, target: BorrowedFd<'_>) -> io::Result<()> {
    if let Some(empty) = empty.get() {
        return cover_with_copy(empty, target);
    }
    let made = empty_directory()?;
    attach(made.as_fd(), target)?;
    empty.get_or_init(|| made);
    Ok(())
}

fn cover_with_copy(cover: &OwnedFd, target: BorrowedFd<'_>) -> io::Result<()> {
    attach(copy_mount(cover.as_fd(), false)?.as_fd(), target)
}

fn find(path: &str, root: &Root) -> Result<Option<OwnedFd>, SetupError> {
    match root.locate(Path::new(path)) {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error).at(STAGE, || "hide a path".into()),
    }
}

fn cached(
    cell: &OnceCell<OwnedFd>,
    make: impl FnOnce() -> Result<OwnedFd, SetupError>,
) -> Result<&OwnedFd, SetupError> {
    match cell.get() {
        Some(made) => Ok(made),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}

fn empty_directory() -> io::Result<OwnedFd> {
    let options = MountOptions::confined().with_read_only(true);
    new_mount("tmpfs", "tmpfs", &[("size", Some("0")), ("nr_inodes", Some("2"))], options)
}

/// The container's null device, checked to be one (CVE-2025-31133).
fn null_device(root: &Root) -> Result<OwnedFd, SetupError> {
    let what = || "open the null device".to_owned();
    let null = root.locate_entry(Path::new("/dev/null")).at(STAGE, what)?;
    if stdio::is_null(null.as_fd()).at(STAGE, what)? {
        Ok(null)
    } else {
        Err(SetupError::new(STAGE, "/dev/null in the container is not the null device"))
    }
}
