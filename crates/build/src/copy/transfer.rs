//! Where each selected file goes, and with which owner and mode.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, Stat};
use wharf_container::fsroot::Root;

use super::CopyError;
use super::mode::Change;
use super::owner::Owner;
use super::place::{Metadata, NewDirectories, Place, create_directories, set_directory_times};
use super::unpack;
use crate::paths;
use crate::tree::select::{Found, Selection, kind};
use crate::tree::{Owners, Tree, TreeError, resolved_path, xattrs};

/// How everything of one copy is treated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// `--chown`.
    pub owner: Option<Owner>,
    /// `--chmod`.
    pub mode: Option<Change>,
    /// `--parents`.
    pub parents: bool,
    /// Local archives are unpacked.
    pub unpack: bool,
}

/// Copies into one file system.
pub(crate) struct Copier<'a> {
    root: &'a Root,
    rules: &'a Rules,
}

/// A directory that gets its times when everything is in it.
struct Dated {
    path: PathBuf,
    metadata: Metadata,
}

impl<'a> Copier<'a> {
    /// A copier into the file system below `root`.
    pub fn new(root: &'a Root, rules: &'a Rules) -> Self {
        Self { root, rules }
    }

    /// Copies one selection to an absolute, cleaned destination. `into_directory`: the destination is a
    /// directory, made when it is missing (contract 8.4.1).
    pub fn copy(
        &self,
        tree: &Tree,
        selection: &Selection,
        destination: &str,
        into_directory: bool,
    ) -> Result<(), CopyError> {
        let directory = kind(&selection.stat) == FileType::Directory;
        if self.rules.parents {
            return self.with_parents(tree, selection, destination);
        }
        let destination = Path::new(destination);
        if into_directory {
            self.create(destination)?;
        }
        match directory {
            true => self.directory(tree, selection, destination),
            false if self.rules.unpack && unpack::is_archive(tree, selection)? => {
                self.unpack(tree, selection, destination)
            }
            false if into_directory || self.is_directory(destination) => {
                self.single(tree, selection, &destination.join(paths::base_name(&selection.name)))
            }
            false => self.single(tree, selection, destination),
        }
    }

    /// Writes a file with this content (contract 8.4.9).
    pub fn content(
        &self,
        name: &str,
        content: &str,
        destination: &str,
        into_directory: bool,
    ) -> Result<(), CopyError> {
        let mut path = PathBuf::from(destination);
        if into_directory || self.is_directory(&path) {
            self.create(&path)?;
            path.push(name);
        }
        let mode = self.rules.mode.as_ref().map_or(0o644, |change| change.apply(0o644, false));
        let metadata = Metadata { owner: self.new_owner(), mode, modified: None, attributes: Vec::new() };
        let (parent, path) = self.final_place(&path)?;
        place(&parent, &path).file(&mut content.as_bytes(), &metadata)
    }

    /// Opens a directory, and makes it and its parents where they are missing. Says whether anything was
    /// made.
    fn create(&self, path: &Path) -> Result<(OwnedFd, bool), CopyError> {
        let mode = self.rules.mode.as_ref().map_or(0o755, |change| change.apply(0o755, true));
        create_directories(self.root, path, NewDirectories { owner: self.new_owner(), mode })
    }

    /// Owner of what has no counterpart in the source.
    fn new_owner(&self) -> Owner {
        self.rules.owner.unwrap_or(Owner { uid: 0, gid: 0 })
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.root.subdirectory(path).is_ok()
    }

    /// `--parents`: the directories between the mark and the file are made like in the source (contract
    /// 8.4.6).
    fn with_parents(&self, tree: &Tree, selection: &Selection, destination: &str) -> Result<(), CopyError> {
        self.create(Path::new(destination))?;
        let kept = selection.name[selection.pivot..].trim_start_matches('/');
        let ends: Vec<usize> = kept.match_indices('/').map(|(at, _)| at).collect();
        for end in ends {
            let source = paths::join(&selection.name[..selection.pivot], &kept[..end]);
            let stat = rustix::fs::fstat(tree.root.locate(&Path::new("/").join(&source))?)
                .map_err(|error| TreeError::read(Path::new(&source), error))?;
            let target = Path::new(destination).join(&kept[..end]);
            self.ensure_like_source(&target, &self.metadata(tree, Path::new(&source), &stat)?)?;
        }
        let target = Path::new(destination).join(kept);
        match kind(&selection.stat) {
            FileType::Directory => self.directory(tree, selection, &target),
            _ => self.single(tree, selection, &target),
        }
    }

    /// A file to exactly this path; links there are followed inside the root.
    fn single(&self, tree: &Tree, selection: &Selection, destination: &Path) -> Result<(), CopyError> {
        let (parent, path) = self.final_place(destination)?;
        let metadata = self.metadata(tree, &selection.path, &selection.stat)?;
        self.entry(tree, &selection.path, &selection.stat, &place(&parent, &path), &metadata)
    }

    fn unpack(&self, tree: &Tree, selection: &Selection, destination: &Path) -> Result<(), CopyError> {
        let target = self.create(destination)?.0;
        unpack::unpack(tree, selection, &target, self.rules.owner)
    }

    /// The contents of a directory.
    fn directory(&self, tree: &Tree, selection: &Selection, destination: &Path) -> Result<(), CopyError> {
        let mut dated = Vec::new();
        // As in Docker, a new destination has the source's times, but not its owner and mode.
        if self.create(destination)?.1 {
            let metadata = self.metadata(tree, &selection.path, &selection.stat)?;
            dated.push(Dated { path: destination.to_owned(), metadata });
        }
        let mut links: HashMap<(u64, u64), PathBuf> = HashMap::new();
        let mut open: Option<(PathBuf, OwnedFd)> = None;
        for found in &selection.below {
            let path = destination.join(&found.path);
            let parent = self.parent(&mut open, &path)?;
            dated.extend(self.below(tree, selection, found, &place(parent, &path), &mut links)?);
        }
        // Innermost first: setting a directory's time must be the last change in it.
        for directory in dated.iter().rev() {
            set_directory_times(self.root, &directory.path, &directory.metadata)?;
        }
        Ok(())
    }

    /// The open parent of a path; neighbours share it.
    fn parent<'b>(
        &self,
        open: &'b mut Option<(PathBuf, OwnedFd)>,
        path: &Path,
    ) -> Result<&'b OwnedFd, CopyError> {
        let wanted = path.parent().unwrap_or(Path::new("/"));
        let current = match open.take() {
            Some(current) if current.0 == wanted => current,
            _ => (
                wanted.to_owned(),
                self.root.open_with(wanted, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())?,
            ),
        };
        Ok(&open.insert(current).1)
    }

    /// One entry of a copied directory.
    fn below(
        &self,
        tree: &Tree,
        selection: &Selection,
        found: &Found,
        place: &Place,
        links: &mut HashMap<(u64, u64), PathBuf>,
    ) -> Result<Option<Dated>, CopyError> {
        let source = selection.path.join(&found.path);
        let metadata = self.metadata(tree, &source, &found.stat)?;
        if kind(&found.stat) == FileType::Directory {
            let dated = self.merge_directory(place, &metadata)?;
            return Ok(dated.then(|| Dated { path: place.path.to_owned(), metadata }));
        }
        let identity = (found.stat.st_dev, found.stat.st_ino);
        if found.stat.st_nlink > 1 && kind(&found.stat) == FileType::RegularFile {
            if let Some(first) = links.get(&identity) {
                let (parent, name) = self.root.parent_of(first)?;
                return place.hard_link(&parent, name).map(|()| None);
            }
            links.insert(identity, place.path.to_owned());
        }
        self.entry(tree, &source, &found.stat, place, &metadata)?;
        Ok(None)
    }

    /// Anything but a directory.
    fn entry(
        &self,
        tree: &Tree,
        source: &Path,
        stat: &Stat,
        place: &Place,
        metadata: &Metadata,
    ) -> Result<(), CopyError> {
        let path = Path::new("/").join(source);
        match kind(stat) {
            FileType::RegularFile => {
                place.file(&mut tree.root.open_file(&path).map_err(TreeError::from)?, metadata)
            }
            FileType::Symlink => {
                place.symlink(&tree.root.read_link(&path).map_err(TreeError::from)?, metadata)
            }
            // A socket means nothing without its process, and 0:0 is how a layer's directory marks a
            // deletion.
            FileType::Socket => Ok(()),
            FileType::CharacterDevice if stat.st_rdev == 0 => Ok(()),
            _ => place.special(stat, metadata),
        }
    }

    /// A directory over what is there; says whether its times are to be set. A link to a directory stays a
    /// link.
    fn merge_directory(&self, place: &Place, metadata: &Metadata) -> Result<bool, CopyError> {
        match place.look()?.map(|stat| kind(&stat)) {
            None => place.directory(metadata).map(|()| true),
            Some(FileType::Directory) => place.directory_metadata(metadata).map(|()| true),
            Some(FileType::Symlink) if self.is_directory(place.path) => Ok(false),
            Some(_) => Err(CopyError::NotADirectory(place.path.to_owned())),
        }
    }

    /// A directory that `--parents` keeps; an existing one keeps its metadata.
    fn ensure_like_source(&self, path: &Path, metadata: &Metadata) -> Result<(), CopyError> {
        if self.is_directory(path) {
            return Ok(());
        }
        let (parent, resolved) = self.final_place(path)?;
        place(&parent, &resolved).directory(metadata)
    }

    /// The directory and path where a new object with this name really goes: parents are made, a link is
    /// followed to its end.
    fn final_place(&self, path: &Path) -> Result<(OwnedFd, PathBuf), CopyError> {
        let parent = self.create(path.parent().unwrap_or(Path::new("/")))?.0;
        let is_link = self.root.stat_entry(path).is_ok_and(|stat| kind(&stat) == FileType::Symlink);
        if !is_link {
            return Ok((parent, path.to_owned()));
        }
        // A dangling link gets its target made here; it is replaced right after.
        let target = self.root.create_file(path, Mode::from_raw_mode(0o600))?;
        let resolved = resolved_path(self.root, target.as_fd())
            .map_err(|source| CopyError::place("follow", path, source))?;
        let resolved = Path::new("/").join(resolved);
        let parent = self.root.parent_of(&resolved)?.0;
        Ok((parent, resolved))
    }

    fn metadata(&self, tree: &Tree, source: &Path, stat: &Stat) -> Result<Metadata, CopyError> {
        let kept = match tree.owners {
            Owners::Root => Owner { uid: 0, gid: 0 },
            Owners::Kept => Owner { uid: stat.st_uid, gid: stat.st_gid },
        };
        let directory = kind(stat) == FileType::Directory;
        let mode = stat.st_mode & 0o7777;
        Ok(Metadata {
            owner: self.rules.owner.unwrap_or(kept),
            mode: self.rules.mode.as_ref().map_or(mode, |change| change.apply(mode, directory)),
            modified: Some((stat.st_mtime, stat.st_mtime_nsec)),
            attributes: attributes(tree, source, stat)?,
        })
    }
}

fn place<'a>(parent: &'a OwnedFd, path: &'a Path) -> Place<'a> {
    Place { parent, name: path.file_name().unwrap_or_default(), path }
}

fn attributes(tree: &Tree, source: &Path, stat: &Stat) -> Result<Vec<xattrs::Attribute>, CopyError> {
    if !matches!(kind(stat), FileType::RegularFile | FileType::Directory) {
        return Ok(Vec::new());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened =
        tree.root.open_with(&Path::new("/").join(source), flags, Mode::empty()).map_err(TreeError::from)?;
    Ok(xattrs::read(opened.as_fd()).map_err(|error| TreeError::read(source, error))?)
}
