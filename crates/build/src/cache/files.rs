//! The digests of contexts' files, in memory and on disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::CacheError;
use super::key::KeyBuilder;
use super::records::{Records, write_whole};
use crate::tree::digests::Digests;

/// Most files that are remembered for one tree; beyond it everything is forgotten and learned again.
const MAX_FILES: usize = 500_000;

/// Digests by tree.
#[derive(Debug)]
pub(crate) struct FileDigests {
    records: Records,
    directory: PathBuf,
    open: Mutex<HashMap<PathBuf, Arc<Digests>>>,
}

impl FileDigests {
    /// The digests kept in a directory, which is made when it is missing.
    pub fn open(directory: PathBuf) -> Result<Self, CacheError> {
        Ok(Self { records: Records::open(directory.clone())?, directory, open: Mutex::default() })
    }

    /// Removes the files that were not written since `limit`.
    pub fn prune(&self, limit: SystemTime) -> Result<(), CacheError> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.records.prune(limit)
    }

    /// The digests of the tree at a path of this host.
    pub fn of(&self, tree: &Path) -> Arc<Digests> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.entry(tree.to_owned()).or_insert_with(|| Arc::new(Digests::load(&self.path(tree)))).clone()
    }

    /// Writes what was learned.
    pub fn save(&self, tree: &Path, digests: &Digests) -> Result<(), CacheError> {
        if !digests.take_changed() {
            return Ok(());
        }
        if digests.len() > MAX_FILES {
            digests.clear();
        }
        let path = self.path(tree);
        let bytes = digests.to_bytes().map_err(CacheError::at("write", &path))?;
        write_whole(&path, &bytes)
    }

    fn path(&self, tree: &Path) -> PathBuf {
        self.directory
            .join(format!("{}.json", KeyBuilder::new("tree").field("path", &tree.to_string_lossy()).finish()))
    }
}
