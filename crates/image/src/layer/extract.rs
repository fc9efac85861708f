//! Applies an archive to a directory, entry by entry (contract 7.4, attacks of 10.3).
//!
//! The directory is opened once; every name is resolved by the kernel below it. Nobody else may write there
//! meanwhile.

use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::copy_up::LowerLayers;
use super::error::LayerError;
use super::name::{self, Meaning};
use super::whiteout;
use crate::disk::{self, ConfinedDirectory, Parent, remove_tree};
use crate::tar::{Entry, Kind, TarReader};

/// No image comes near; a stream of empty files must end some time.
const MAX_ENTRIES: u64 = 10_000_000;
const COPY_BUFFER: usize = 256 * 1024;

/// What `.wh.` names mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletions {
    /// They are translated for overlayfs: the archive is an image layer.
    Overlay,
    /// They are ordinary names: the archive is somebody's files.
    Literal,
}

/// How an archive is applied; an image layer needs to say no more than its [`Deletions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What `.wh.` names mean.
    pub deletions: Deletions,
    /// Refuse to put anything else in the place of a directory, and a directory in the place of anything
    /// else.
    pub keep_kinds: bool,
    /// Everything belongs to this user and group, whatever the archive says.
    pub owner: Option<(u32, u32)>,
}

impl From<Deletions> for Rules {
    fn from(deletions: Deletions) -> Self {
        Rules { deletions, keep_kinds: false, owner: None }
    }
}

/// What was unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Bytes of all regular files, hard links counted once.
    pub size: u64,
    /// The layer hides everything below it.
    pub opaque_root: bool,
    /// It has copies of files of the layers below, so it belongs to exactly these.
    pub links_below: bool,
}

/// Unpacks the archive into `directory`, which must exist. Existing directories are kept, anything else is
/// replaced.
///
/// # Errors
/// [`LayerError`]; what was unpacked until then stays, so unpack into a directory that can be thrown away.
pub fn extract<R: Read>(
    archive: &mut TarReader<R>,
    directory: &Path,
    rules: impl Into<Rules>,
) -> Result<Extracted, LayerError> {
    extract_over(archive, directory, rules.into(), &[])
}

/// Like [`extract`], for a layer whose hard links may lead into the layers below (their directories, top
/// first).
pub(super) fn extract_over<R: Read>(
    archive: &mut TarReader<R>,
    directory: &Path,
    rules: Rules,
    below: &[PathBuf],
) -> Result<Extracted, LayerError> {
    let root = ConfinedDirectory::open(directory).map_err(LayerError::entry("open", b"/"))?;
    let mut extractor = Extractor {
        root,
        rules,
        lower: Some(LowerLayers::open(below)?),
        extracted: Extracted::default(),
        directory_times: Vec::new(),
        buffer: vec![0; COPY_BUFFER],
    };
    let mut count = 0u64;
    while let Some(entry) = archive.next_entry()? {
        count += 1;
        if count > MAX_ENTRIES {
            return Err(LayerError::TooManyEntries { limit: MAX_ENTRIES });
        }
        extractor.apply(entry, archive)?;
    }
    extractor.set_directory_times()?;
    Ok(extractor.extracted)
}

pub(super) struct Extractor {
    pub(super) root: ConfinedDirectory,
    rules: Rules,
    /// Taken out while it is used.
    lower: Option<LowerLayers>,
    pub(super) extracted: Extracted,
    /// Set at the end: every file made in a directory changes its time.
    directory_times: Vec<(Vec<u8>, (i64, u32))>,
    pub(super) buffer: Vec<u8>,
}

impl Extractor {
    fn apply(&mut self, mut entry: Entry, content: &mut impl Read) -> Result<(), LayerError> {
        entry.path = name::clean(&entry.path);
        let path = std::mem::take(&mut entry.path);
        if let Some((uid, gid)) = self.rules.owner {
            (entry.uid, entry.gid) = (uid, gid);
        }
        let meaning = match self.rules.deletions {
            Deletions::Literal if !path.is_empty() => Meaning::Present,
            _ => name::meaning(&path),
        };
        match meaning {
            Meaning::Root => self.root_metadata(&entry),
            Meaning::Present => self.place(&path, &entry, content),
            Meaning::Deleted { directory, name } => self.delete(directory, name),
            Meaning::Opaque(directory) => self.hide_lower(directory),
            Meaning::Bookkeeping => Ok(()),
            Meaning::EmptyWhiteout => Err(LayerError::EmptyWhiteout { path: crate::tar::printable(&path) }),
        }
    }

    fn root_metadata(&mut self, entry: &Entry) -> Result<(), LayerError> {
        if entry.kind != Kind::Directory {
            return Ok(());
        }
        self.directory_times.push((Vec::new(), entry.mtime));
        let opened = self.root.resolve(b"", OFlags::PATH).map_err(LayerError::entry("open", b"/"))?;
        let itself = Parent { directory: Rc::new(opened), name: b".".to_vec() };
        super::place::apply_metadata(&itself, entry, b"/")
    }

    pub(super) fn place(
        &mut self,
        path: &[u8],
        entry: &Entry,
        content: &mut impl Read,
    ) -> Result<(), LayerError> {
        let parent = self.make_parent(path)?;
        self.check_kind(&parent, path, entry)?;
        if entry.kind == Kind::Directory {
            self.directory_times.push((path.to_vec(), entry.mtime));
        }
        self.extracted.size += super::place::place(self, &parent, path, entry, content)?;
        Ok(())
    }

    fn check_kind(&self, parent: &Parent, path: &[u8], entry: &Entry) -> Result<(), LayerError> {
        if !self.rules.keep_kinds {
            return Ok(());
        }
        let there = whiteout::look(parent.directory.as_fd(), &parent.name)
            .map_err(LayerError::entry("look at", path))?;
        match there.map(|stat| (is_directory(&stat), entry.kind == Kind::Directory)) {
            Some((true, false)) => {
                Err(LayerError::entry("overwrite with a file the directory", path)(Errno::ISDIR))
            }
            Some((false, true)) => {
                Err(LayerError::entry("overwrite with a directory the file", path)(Errno::NOTDIR))
            }
            _ => Ok(()),
        }
    }

    /// A deletion of something that this layer brings itself concerns only what lies below it.
    fn delete(&mut self, directory: &[u8], name: &[u8]) -> Result<(), LayerError> {
        let path = name::child(directory, name);
        let error = |error| LayerError::entry("delete", &path)(error);
        let parent = self.make_parent(&path)?;
        let there = whiteout::look(parent.directory.as_fd(), name).map_err(error)?;
        match there {
            None => whiteout::make(parent.directory.as_fd(), name).map_err(error),
            Some(stat) if is_directory(&stat) => self.hide_lower(&path),
            Some(_) => Ok(()),
        }
    }

    fn hide_lower(&mut self, directory: &[u8]) -> Result<(), LayerError> {
        self.extracted.opaque_root |= directory.is_empty();
        let marker = self.make_parent(&name::child(directory, b"x"))?;
        whiteout::mark_opaque(marker.directory.as_fd())
            .map_err(LayerError::entry("hide the content below", directory))
    }

    /// Makes sure that the target of a hard link is in this layer, where the layers below have it.
    pub(super) fn bring_up(&mut self, target: &[u8]) -> Result<bool, LayerError> {
        let Some(lower) = self.lower.take() else { return Ok(false) };
        let copied = self.copy_up(&lower, target);
        self.lower = Some(lower);
        copied
    }

    fn make_parent(&mut self, path: &[u8]) -> Result<Parent, LayerError> {
        let made = match self.root.make_parent(path) {
            Err(Errno::NOTDIR) => {
                self.revive_deleted_parents(path)?;
                self.root.make_parent(path)
            }
            other => other,
        };
        made.map_err(LayerError::entry("make the directory of", path))
    }

    /// `.wh.a` may be followed by `a/b` without an entry for `a`: then `a` is a new directory.
    fn revive_deleted_parents(&mut self, path: &[u8]) -> Result<(), LayerError> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index);
        for prefix in ends.map(|end| &path[..end]) {
            let error = |error| LayerError::entry("make the directory", prefix)(error);
            let Ok(parent) = self.root.parent(prefix) else { break };
            let there = whiteout::look(parent.directory.as_fd(), &parent.name).map_err(error)?;
            if there.is_some_and(|stat| whiteout::is_whiteout(&stat)) {
                self.remove(&parent, prefix)?;
                self.hide_lower(prefix)?;
            }
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, parent: &Parent, path: &[u8]) -> Result<(), LayerError> {
        self.root.forget();
        remove_tree(parent.directory.as_fd(), &parent.name).map_err(LayerError::entry("replace", path))
    }

    fn set_directory_times(&mut self) -> Result<(), LayerError> {
        for (path, mtime) in std::mem::take(&mut self.directory_times) {
            // A later entry may have replaced the directory; then its time is that entry's affair.
            let Ok(opened) = self.root.resolve(&path, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW)
            else {
                continue;
            };
            disk::set_time_at(opened.as_fd(), b".", mtime)
                .map_err(LayerError::entry("set the time of", &path))?;
        }
        Ok(())
    }
}

pub(super) fn is_directory(stat: &rustix::fs::Stat) -> bool {
    rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Directory
}
