//! Finding and removing what nothing needs: layers without image, holder or lease; blobs without user;
//! leftovers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::layers::LayerId;
use super::publish::boot_id;
use super::records::LayerRecord;
use super::{ImageStore, State};
use crate::digest::Digest;
use crate::disk::TemporaryName;
use crate::model::ImageConfig;

/// Things that are no longer visible and wait to be removed, which takes time and needs no lock.
#[derive(Debug, Default)]
pub(super) struct Garbage {
    layers: Vec<LayerId>,
    /// Layer directories and blobs, moved where nobody looks for them.
    moved: Vec<TemporaryName>,
    bytes: u64,
}

impl Garbage {
    /// The layers among it.
    pub(super) fn layers(&self) -> impl Iterator<Item = LayerId> + '_ {
        self.layers.iter().cloned()
    }

    /// Removes everything; returns how many bytes of files that were.
    pub(super) fn delete(self) -> Result<u64, StoreError> {
        for name in &self.moved {
            remove_any(name.path())?;
        }
        Ok(self.bytes)
    }

    fn take(&mut self, staging: &Path, path: &Path, bytes: u64) -> Result<(), StoreError> {
        let name = TemporaryName::new(staging);
        match fs::rename(path, name.path()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(StoreError::io("remove", path))?,
        }
        self.bytes += bytes;
        self.moved.push(name);
        Ok(())
    }
}

impl ImageStore {
    /// Takes everything that nothing needs out of the records. The caller deletes the result without the
    /// lock.
    pub(super) fn collect(&self, state: &mut State) -> Result<Garbage, StoreError> {
        let mut garbage = Garbage::default();
        let needed = self.needed_layers(state)?;
        let unneeded: Vec<LayerId> = state
            .layers
            .values()
            .filter(|layer| {
                !needed.contains(&layer.id) && layer.holders.is_empty() && !self.is_leased(&layer.id)
            })
            .map(|layer| layer.id.clone())
            .collect();
        for id in unneeded {
            self.take_layer(state, &id, &mut garbage)?;
        }
        for path in self.unneeded_blobs(state)? {
            let bytes = fs::metadata(&path).map_err(StoreError::io("read", &path))?.len();
            garbage.take(&self.paths().staging(), &path, bytes)?;
        }
        let State { records, configs, .. } = state;
        configs.retain(|id, _| records.images.contains_key(id));
        Ok(garbage)
    }

    /// What a killed process left: staged things, directories without record, records without directory, and
    /// what nothing needs.
    pub(super) fn collect_leftovers(&self) -> Result<(), StoreError> {
        for path in list(&self.paths().staging())? {
            remove_any(&path)?;
        }
        let mut state = self.writable_state()?;
        let directories: BTreeSet<PathBuf> =
            state.layers.values().map(|layer| self.paths().layer_directory(&layer.directory)).collect();
        for path in list(&self.paths().layer_directories())? {
            if !directories.contains(&path) {
                remove_any(&path)?;
            }
        }
        let mut garbage = Garbage::default();
        for id in self.worthless_layers(&state)? {
            self.take_layer(&mut state, &id, &mut garbage)?;
        }
        garbage.delete()?;
        let garbage = self.collect(&mut state)?;
        drop(state);
        garbage.delete().map(drop)
    }

    /// Layers without directory, and layers whose files were not on disk when the host went down.
    fn worthless_layers(&self, state: &State) -> Result<Vec<LayerId>, StoreError> {
        let boot = boot_id()?;
        let lost = |layer: &&LayerRecord| {
            let gone = !self.paths().layer_directory(&layer.directory).is_dir();
            gone || layer.unsynced.as_ref().is_some_and(|written| *written != boot)
        };
        Ok(state.layers.values().filter(lost).map(|layer| layer.id.clone()).collect())
    }

    fn needed_layers(&self, state: &State) -> Result<BTreeSet<LayerId>, StoreError> {
        let mut needed = BTreeSet::new();
        for id in state.records.images.keys() {
            match state.configs.get(id) {
                Some(config) => needed.extend(config.rootfs.diff_ids.iter().cloned()),
                None => needed.extend(self.read_layers(id)?),
            }
        }
        Ok(needed)
    }

    fn read_layers(&self, image: &Digest) -> Result<Vec<LayerId>, StoreError> {
        let source = |error| StoreError::Document {
            digest: image.clone(),
            source: crate::model::DocumentError::Json(error),
        };
        let config: ImageConfig = serde_json::from_slice(&self.read_document(image)?).map_err(source)?;
        Ok(config.rootfs.diff_ids)
    }

    fn take_layer(&self, state: &mut State, id: &LayerId, garbage: &mut Garbage) -> Result<(), StoreError> {
        let Some(layer) = state.layers.get(id) else { return Ok(()) };
        // First the record: without it the directory is invisible and collected at the next start.
        remove_file(&self.paths().layer_record(id))?;
        garbage.take(&self.paths().staging(), &self.paths().layer_directory(&layer.directory), layer.size)?;
        garbage.layers.push(id.clone());
        state.layers.remove(id);
        Ok(())
    }

    fn unneeded_blobs(&self, state: &State) -> Result<Vec<PathBuf>, StoreError> {
        let records = &state.records.images;
        let documents = records.values().flat_map(|record| record.sources.values());
        let mut needed: BTreeSet<PathBuf> = documents
            .flat_map(|source| [&source.target, &source.manifest])
            .map(|d| self.paths().blob(d))
            .collect();
        needed.extend(records.keys().map(|id| self.paths().blob(id)));
        let layers = state.layers.values().flat_map(|layer| &layer.blobs);
        needed.extend(layers.map(|blob| self.paths().blob(&blob.digest)));
        let mut unneeded = Vec::new();
        for directory in list(&self.paths().blobs())? {
            unneeded.extend(list(&directory)?.into_iter().filter(|path| !needed.contains(path)));
        }
        Ok(unneeded)
    }
}

fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let items = fs::read_dir(directory).map_err(StoreError::io("list", directory))?;
    items.map(|item| Ok(item.map_err(StoreError::io("list", directory))?.path())).collect()
}

fn remove_any(path: &Path) -> Result<(), StoreError> {
    let metadata = fs::symlink_metadata(path).map_err(StoreError::io("read", path))?;
    if metadata.is_dir() {
        return fs::remove_dir_all(path).map_err(StoreError::io("remove", path));
    }
    remove_file(path)
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(StoreError::io("remove", path)),
    }
}
