//! Layers in the store: looking them up, keeping them alive, their directories.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use super::error::StoreError;
use super::records::{BlobRecord, LayerRecord};
use super::{ImageStore, Inner, State};
use crate::digest::Digest;

/// A layer's name: the digest of its uncompressed archive (its diff id).
pub type LayerId = Digest;

/// A layer in the store. It is not collected while a value of this type lives.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its diff id.
    pub id: LayerId,
    /// Bytes of all regular files.
    pub size: u64,
    /// Its directory, for `lowerdir=`.
    pub path: PathBuf,
    _lease: Arc<LayerLease>,
}

/// Counts as one user of a layer until it is dropped.
pub(crate) struct LayerLease {
    store: Arc<Inner>,
    id: LayerId,
}

impl fmt::Debug for LayerLease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LayerLease({})", self.id)
    }
}

impl Drop for LayerLease {
    fn drop(&mut self) {
        let mut leases = self.store.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = leases.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                leases.remove(&self.id);
            }
        }
    }
}

impl ImageStore {
    /// The layer with this diff id, if it is here.
    pub fn layer(&self, id: &LayerId) -> Option<Layer> {
        let state = self.state();
        state.layers.get(id).map(|record| self.leased(record))
    }

    /// The directories of an image's layers, top first, as overlayfs wants them.
    ///
    /// # Errors
    /// [`StoreError::NoSuchLayer`] when one is missing, and what [`ImageStore::config`] fails with.
    pub fn layer_dirs(&self, image: &Digest) -> Result<Vec<PathBuf>, StoreError> {
        let config = self.config(image)?;
        self.directories_of(&config.rootfs.diff_ids)
    }

    /// The directories of layers given lowest first; the result is top first. What a layer hides is left out,
    /// and so are repetitions: overlayfs refuses a directory twice, and the upper one shows all that the
    /// lower one would.
    ///
    /// # Errors
    /// [`StoreError::NoSuchLayer`] when one is missing.
    pub fn directories_of(&self, layers: &[LayerId]) -> Result<Vec<PathBuf>, StoreError> {
        let state = self.state();
        let mut directories = Vec::with_capacity(layers.len());
        for id in layers.iter().rev() {
            let record = state.layers.get(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
            let directory = self.paths().layer_directory(&record.directory);
            if !directories.contains(&directory) {
                directories.push(directory);
            }
            // overlayfs does not look at the mark on the root of a lower directory.
            if record.opaque_root {
                break;
            }
        }
        Ok(directories)
    }

    /// Keeps a layer although no image needs it, across restarts, until it is released by the same holder.
    ///
    /// # Errors
    /// [`StoreError::NoSuchLayer`], or what writing the layer's record fails with.
    pub fn hold_layer(&self, id: &LayerId, holder: &str) -> Result<(), StoreError> {
        self.change_layer(id, |record| record.holders.insert(holder.to_owned()))
    }

    /// Ends a hold. The layer goes with the next [`ImageStore::prune`] when nothing else needs it.
    ///
    /// # Errors
    /// What writing the layer's record fails with; a missing layer or hold is fine.
    pub fn release_layer(&self, id: &LayerId, holder: &str) -> Result<(), StoreError> {
        match self.change_layer(id, |record| record.holders.remove(holder)) {
            Err(StoreError::NoSuchLayer { .. }) => Ok(()),
            other => other,
        }
    }

    /// Applies `change` and writes the record when it says that something changed.
    pub(super) fn change_layer(
        &self,
        id: &LayerId,
        change: impl FnOnce(&mut LayerRecord) -> bool,
    ) -> Result<(), StoreError> {
        let mut state = self.writable_state()?;
        let record = state.layers.get_mut(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
        let mut changed = record.clone();
        if change(&mut changed) {
            changed.save(self.paths())?;
            *record = changed;
        }
        Ok(())
    }

    /// The compressed forms of a layer that are kept.
    pub(crate) fn layer_blobs(&self, id: &LayerId) -> Vec<BlobRecord> {
        self.state().layers.get(id).map(|record| record.blobs.clone()).unwrap_or_default()
    }

    /// Bytes of the layer's uncompressed archive as made from its directory, where that reproduces the diff
    /// id.
    pub(crate) fn packed_size(&self, id: &LayerId) -> Option<u64> {
        self.state().layers.get(id)?.packed_size
    }

    /// A handle on a layer; the caller holds the state.
    pub(super) fn leased(&self, record: &LayerRecord) -> Layer {
        let mut leases = self.inner.leases.lock().unwrap_or_else(PoisonError::into_inner);
        *leases.entry(record.id.clone()).or_default() += 1;
        Layer {
            id: record.id.clone(),
            size: record.size,
            path: self.paths().layer_directory(&record.directory),
            _lease: Arc::new(LayerLease { store: self.inner.clone(), id: record.id.clone() }),
        }
    }

    pub(super) fn is_leased(&self, id: &LayerId) -> bool {
        self.inner.leases.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }
}

impl State {
    /// A name below `l/`: the shortest beginning of the diff id that no other layer has.
    pub(super) fn free_directory_name(&self, id: &LayerId) -> String {
        let taken = |name: &str| self.layers.values().any(|layer| layer.directory == name);
        let lengths = 8..=id.hex().len();
        let mut names = lengths.map(|length| &id.hex()[..length]);
        names.find(|name| !taken(name)).unwrap_or(id.hex()).to_owned()
    }
}
