//! From a written source to the files that it means (contract 8.4.1, 8.4.2).

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, statat};

use super::ignore::{Ignore, Matches};
use super::{Tree, TreeError, resolved_path, wildcard};
use crate::paths;

/// One file or directory that a source means, with everything below it.
pub(crate) struct Selection {
    /// The path as matched, cleaned, with the `/./` mark of `--parents` taken out; empty for the root.
    pub name: String,
    /// How much of `name` comes before `/./`.
    pub pivot: usize,
    /// Where it really is: links resolved, relative to the tree's root.
    pub path: PathBuf,
    /// What it is.
    pub stat: Stat,
    /// What is below it, parents before children, sorted by name.
    pub below: Vec<Found>,
    /// Nothing below it was left out.
    pub complete: bool,
}

/// Something below a selected directory.
pub(crate) struct Found {
    /// Relative to the selected directory.
    pub path: PathBuf,
    /// What it is; links are not followed.
    pub stat: Stat,
}

/// The kind of a thing.
pub(crate) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

impl Tree {
    /// Everything that a source means; nothing when a wildcard matches nothing, which Docker accepts.
    /// `exclude` holds patterns relative to a selected directory, or to a file's own name.
    pub fn select(&self, source: &str, exclude: &Ignore) -> Result<Vec<Selection>, TreeError> {
        let (before, after) = source.split_once("/./").unwrap_or(("", source));
        let pivot = paths::relative(before);
        let pattern = paths::join(&pivot, &paths::relative(after));
        let wildcards = wildcard::has_wildcards(&pattern);
        let matched = if wildcards { wildcard::expand(&self.root, &pattern)? } else { vec![pattern] };
        let mut selected = Vec::new();
        let mut hidden = false;
        for name in matched {
            // The mark may stand behind a wildcard: what counts is how many directories it leaves in front.
            let pivot = prefix_length(&name, pivot.split('/').filter(|part| !part.is_empty()).count());
            match self.one(name, pivot, exclude)? {
                Some(selection) => selected.push(selection),
                None => hidden = true,
            }
        }
        match selected.is_empty() && !wildcards {
            true => Err(TreeError::NotFound { path: source.to_owned(), ignored: hidden }),
            false => Ok(selected),
        }
    }

    /// The one thing at a path, without wildcards; empty when it is ignored or not there.
    pub fn select_path(&self, path: &str) -> Result<Vec<Selection>, TreeError> {
        Ok(self.one(paths::relative(path), 0, &Ignore::default())?.into_iter().collect())
    }

    /// One matched path; `None` when it is ignored, excluded or not there.
    fn one(&self, name: String, pivot: usize, exclude: &Ignore) -> Result<Option<Selection>, TreeError> {
        let located = match self.root.locate(&Path::new("/").join(&name)) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let read_error = |source| TreeError::read(Path::new(&name), source);
        let path = resolved_path(&self.root, located.as_fd()).map_err(read_error)?;
        let stat = rustix::fs::fstat(&located).map_err(|source| read_error(source.into()))?;
        let matches = self.ignore.matches_from_root(&path.to_string_lossy());
        let directory = kind(&stat) == FileType::Directory;
        let ignored = self.ignore.ignores(&matches);
        if !directory && (ignored || exclude.ignores(&exclude.matches_from_root(paths::base_name(&name)))) {
            return Ok(None);
        }
        let mut selection = Selection { name, pivot, path, stat, below: Vec::new(), complete: true };
        if directory {
            self.fill(&mut selection, matches, exclude)?;
            if ignored && selection.below.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(selection))
    }

    fn fill(&self, selection: &mut Selection, matches: Matches, exclude: &Ignore) -> Result<(), TreeError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let opened = self.root.open_with(&Path::new("/").join(&selection.path), flags, Mode::empty())?;
        let mut walk =
            Walk { tree: self, exclude, start: selection.path.clone(), found: Vec::new(), complete: true };
        walk.directory(opened, PathBuf::new(), matches, exclude.at_root())?;
        selection.below = walk.found;
        selection.complete = walk.complete;
        Ok(())
    }
}

/// The length in bytes of the first `count` components.
fn prefix_length(path: &str, count: usize) -> usize {
    if count == 0 {
        return 0;
    }
    path.match_indices('/').nth(count - 1).map_or(path.len(), |(at, _)| at)
}

struct Walk<'a> {
    tree: &'a Tree,
    exclude: &'a Ignore,
    /// Where the walk began, relative to the tree's root.
    start: PathBuf,
    found: Vec<Found>,
    complete: bool,
}

impl Walk<'_> {
    fn directory(
        &mut self,
        directory: OwnedFd,
        path: PathBuf,
        ignored: Matches,
        excluded: Matches,
    ) -> Result<(), TreeError> {
        let names = sorted_names(&directory).map_err(|source| TreeError::read(&path, source))?;
        for name in names {
            self.entry(&directory, &name, path.join(&name), &ignored, &excluded)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        directory: &OwnedFd,
        name: &OsString,
        path: PathBuf,
        ignored: &Matches,
        excluded: &Matches,
    ) -> Result<(), TreeError> {
        let from_root = self.start.join(&path);
        let ignored = self.tree.ignore.matches(&from_root.to_string_lossy(), ignored);
        let excluded = self.exclude.matches(&path.to_string_lossy(), excluded);
        let left_out = self.tree.ignore.ignores(&ignored) || self.exclude.ignores(&excluded);
        let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|source| TreeError::read(&from_root, source))?;
        self.complete &= !left_out;
        let before = self.found.len();
        if !left_out || kind(&stat) == FileType::Directory {
            self.found.push(Found { path: path.clone(), stat });
        }
        if kind(&stat) == FileType::Directory && (!left_out || self.may_include_below(&from_root, &path)) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(directory, name, flags, Mode::empty());
            let opened = opened.map_err(|source| TreeError::read(&from_root, source))?;
            self.directory(opened, path, ignored, excluded)?;
        }
        // A directory that is left out stands only for what an exception brought back below it.
        if left_out && self.found.len() == before + 1 {
            self.found.truncate(before);
        }
        Ok(())
    }

    fn may_include_below(&self, from_root: &Path, path: &Path) -> bool {
        self.tree.ignore.may_include_below(&from_root.to_string_lossy())
            || self.exclude.may_include_below(&path.to_string_lossy())
    }
}

fn sorted_names(directory: &OwnedFd) -> rustix::io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory.as_fd())? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name.to_vec()));
        }
    }
    names.sort_by(|left, right| left.as_bytes().cmp(right.as_bytes()));
    Ok(names)
}
