//! Hard links into the layers below: the target is copied into the layer first, as overlayfs itself would do
//! it (contract 7.4.4). Docker never writes such layers, kaniko does.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{FileType, Mode, OFlags, Stat};

use super::error::LayerError;
use super::extract::Extractor;
use super::pack::{attributes, described};
use super::whiteout;
use crate::disk::{ConfinedDirectory, split_path};
use crate::tar::Kind;

/// The directories of the layers below, top first.
pub(super) struct LowerLayers(Vec<ConfinedDirectory>);

/// Something that a layer below has.
struct Found<'a> {
    layer: &'a ConfinedDirectory,
    stat: Stat,
}

impl LowerLayers {
    pub(super) fn open(directories: &[PathBuf]) -> Result<LowerLayers, LayerError> {
        let open = |path: &PathBuf| {
            ConfinedDirectory::open(path).map_err(LayerError::entry("open a layer below", b"/"))
        };
        directories.iter().map(open).collect::<Result<_, _>>().map(LowerLayers)
    }

    /// What the topmost layer that says anything about `path` has there.
    fn find(&self, path: &[u8]) -> Option<Found<'_>> {
        let (directory, name) = split_path(path);
        for layer in &self.0 {
            let Ok(parent) = layer.resolve(directory, OFlags::PATH | OFlags::DIRECTORY) else { continue };
            match whiteout::look(parent.as_fd(), name) {
                Ok(Some(stat)) if whiteout::is_whiteout(&stat) => return None,
                Ok(Some(stat)) => return Some(Found { layer, stat }),
                _ => {}
            }
        }
        None
    }
}

impl Extractor {
    /// Copies a regular file and the directories above it from below; false when there is no such file.
    pub(super) fn copy_up(&mut self, lower: &LowerLayers, path: &[u8]) -> Result<bool, LayerError> {
        let Some(found) = lower.find(path) else { return Ok(false) };
        if FileType::from_raw_mode(found.stat.st_mode) != FileType::RegularFile {
            return Ok(false);
        }
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index);
        for end in ends {
            self.copy_directory_up(lower, &path[..end])?;
        }
        let (directory, name) = split_path(path);
        let error = |error: io::Error| LayerError::entry("copy from a layer below", path)(error);
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let parent = found.layer.resolve(directory, flags).map_err(|e| error(e.into()))?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&parent, OsStr::from_bytes(name), flags, Mode::empty());
        let mut content = File::from(opened.map_err(|e| error(e.into()))?);
        let mut entry = described(Kind::Regular, path.to_vec(), &found.stat);
        entry.xattrs = attributes(parent.as_fd(), name, path)?.0;
        self.place(path, &entry, &mut content)?;
        self.extracted.links_below = true;
        Ok(true)
    }

    fn copy_directory_up(&mut self, lower: &LowerLayers, path: &[u8]) -> Result<(), LayerError> {
        if self.root.resolve(path, OFlags::PATH | OFlags::DIRECTORY).is_ok() {
            return Ok(());
        }
        let Some(found) = lower.find(path) else { return Ok(()) };
        if FileType::from_raw_mode(found.stat.st_mode) != FileType::Directory {
            return Ok(());
        }
        let entry = described(Kind::Directory, path.to_vec(), &found.stat);
        self.place(path, &entry, &mut io::empty())
    }
}
