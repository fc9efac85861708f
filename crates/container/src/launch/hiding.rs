//! Paths that a container may not see, or only read (contract 1.5). Runs inside the new root.

use std::cell::OnceCell;
use std::os::fd::{AsFd, OwnedFd};
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
        let cover = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => cached(&empty, empty_directory)?,
            _ => cached(&null, || null_device(root))?,
        };
        let copy = copy_mount(cover.as_fd(), false).at(STAGE, what)?;
        attach(copy.as_fd(), target.as_fd()).at(STAGE, what)?;
    }
    Ok(())
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

fn empty_directory() -> Result<OwnedFd, SetupError> {
    let options = MountOptions::confined().with_read_only(true);
    new_mount("tmpfs", "tmpfs", &[("size", Some("0")), ("nr_inodes", Some("2"))], options)
        .at(STAGE, || "make an empty directory".into())
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
