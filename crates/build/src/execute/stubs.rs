//! Mount points that the runtime had to make for a `RUN`: empty files and directories that must not reach the
//! layer (contract 8.8.3, 8.8.5).
//!
//! A mount covers its mount point for as long as the process lives, so what is found there afterwards is not
//! the process's work.

use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Stat};
use wharf_container::fsroot::{self, Root};
use wharf_container::overlay::OverlayView;

use super::{Layers, Shared};
use crate::cache::CacheError;
use crate::cache::work::WorkDirectory;
use crate::error::StepError;
use crate::tree::select::kind;
use crate::tree::{TreeError, resolved_path};

/// What the runtime mounts in every container (contract 1.3).
const ALWAYS: [&str; 6] = ["/proc", "/sys", "/dev", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname"];

/// Removes the stubs below `targets` and the runtime's own from the upper directory. Blocks.
pub(super) fn clean(
    shared: &Shared,
    work: &WorkDirectory,
    below: &Layers,
    targets: &[String],
) -> Result<(), StepError> {
    let lowers = shared.store.directories_of(&below.ids()).map_err(StepError::Store)?;
    let upper = Root::open(&work.upper()).map_err(TreeError::from)?;
    let targets: Vec<&str> = targets.iter().map(String::as_str).chain(ALWAYS).collect();
    for path in real_paths(work, &lowers, &targets)? {
        clean_one(&upper, &lowers, &path).map_err(TreeError::from)?;
    }
    Ok(())
}

/// Where the targets really are: the image may have links on the way. Deepest first, so that nested stubs go
/// before their parents.
fn real_paths(work: &WorkDirectory, lowers: &[PathBuf], targets: &[&str]) -> Result<Vec<PathBuf>, StepError> {
    use std::os::fd::AsFd;
    let stack: Vec<PathBuf> = std::iter::once(work.upper()).chain(lowers.iter().cloned()).collect();
    let view = match stack.len() {
        1 => None,
        _ => Some(
            OverlayView::mount(&stack, None, &work.view())
                .map_err(CacheError::at("mount a view on", work.view()))?,
        ),
    };
    let root =
        Root::open(view.as_ref().map_or(stack[0].as_path(), OverlayView::path)).map_err(TreeError::from)?;
    let mut paths: Vec<PathBuf> = targets
        .iter()
        .filter_map(|target| root.locate(Path::new(target)).ok())
        .filter_map(|found| resolved_path(&root, found.as_fd()).ok())
        .collect();
    paths.sort_by_key(|path| std::cmp::Reverse(path.components().count()));
    Ok(paths)
}

fn clean_one(upper: &Root, lowers: &[PathBuf], path: &Path) -> Result<(), fsroot::Error> {
    let path = Path::new("/").join(path);
    let Some(stub) = look(upper, &path)? else { return Ok(()) };
    let is_empty_file = kind(&stub) == FileType::RegularFile && stub.st_size == 0;
    let removed = match kind(&stub) {
        FileType::Directory => remove(upper, &path, AtFlags::REMOVEDIR)?,
        _ if is_empty_file => remove(upper, &path, AtFlags::empty())?,
        _ => false,
    };
    if removed {
        clean_parents(upper, lowers, &path)?;
    }
    Ok(())
}

/// Directories that are in the layer only because a stub was made in them: empty now, and like the one below
/// or like new.
fn clean_parents(upper: &Root, lowers: &[PathBuf], path: &Path) -> Result<(), fsroot::Error> {
    for parent in path.ancestors().skip(1).take_while(|parent| *parent != Path::new("/")) {
        let Some(stat) = look(upper, parent)? else { return Ok(()) };
        if !is_unchanged(&stat, lowers, parent)? || !remove(upper, parent, AtFlags::REMOVEDIR)? {
            return Ok(());
        }
    }
    Ok(())
}

fn is_unchanged(stat: &Stat, lowers: &[PathBuf], path: &Path) -> Result<bool, fsroot::Error> {
    for lower in lowers {
        if let Some(below) = look(&Root::open(lower)?, path)? {
            return Ok(
                (below.st_mode, below.st_uid, below.st_gid) == (stat.st_mode, stat.st_uid, stat.st_gid)
            );
        }
    }
    Ok((stat.st_mode & 0o7777, stat.st_uid, stat.st_gid) == (0o755, 0, 0))
}

fn look(root: &Root, path: &Path) -> Result<Option<Stat>, fsroot::Error> {
    match root.stat_entry(path) {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if error.is_not_found() || error.source.kind() == std::io::ErrorKind::NotADirectory => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Says whether it was removed; a directory that is not empty stays.
fn remove(root: &Root, path: &Path, flags: AtFlags) -> Result<bool, fsroot::Error> {
    let (parent, name) = root.parent_of(path)?;
    Ok(rustix::fs::unlinkat(&parent, name, flags).is_ok())
}
