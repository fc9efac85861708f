//! Making complete things visible: layers with their blobs, then images with their names.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use jiff::Timestamp;

use super::blobs::StagedBlob;
use super::error::StoreError;
use super::layers::{Layer, LayerId};
use super::records::{BlobRecord, ImageRecord, LayerRecord, Source, TagRecord};
use super::{Image, ImageStore, State};
use crate::digest::Digest;
use crate::disk::TemporaryName;
use crate::layer::Extracted;
use crate::model::{DocumentError, ImageConfig};
use crate::reference::Reference;

/// A layer directory that is being filled; it vanishes when dropped.
#[derive(Debug)]
pub(crate) struct StagedLayer {
    name: TemporaryName,
}

impl StagedLayer {
    pub(crate) fn path(&self) -> &Path {
        self.name.path()
    }
}

/// What is known about a layer when it is complete.
pub(crate) struct LayerFacts<'a> {
    pub(crate) id: LayerId,
    pub(crate) extracted: Extracted,
    pub(crate) packed_size: Option<u64>,
    /// The layers below, lowest first, that the layer was unpacked over.
    pub(crate) below: &'a [LayerId],
}

/// Documents that came with an image.
pub(crate) struct ImageSource {
    /// Repository it came from; none for an archive without names.
    pub(crate) repository: Option<String>,
    /// What the name referred to.
    pub(crate) target: Digest,
    /// The image's manifest.
    pub(crate) manifest: Digest,
    /// The bytes of both, and of nothing else.
    pub(crate) documents: Vec<(Digest, Vec<u8>)>,
}

impl ImageStore {
    /// An empty directory in the staging area.
    pub(crate) fn stage_layer(&self) -> Result<StagedLayer, StoreError> {
        let name = TemporaryName::new(&self.paths().staging());
        let made = DirBuilder::new().mode(0o755).create(name.path());
        made.map_err(StoreError::io("create", name.path()))?;
        // The root of the layer becomes the root of containers: no umask may take bits from it.
        let mode = rustix::fs::Mode::from_raw_mode(0o755);
        rustix::fs::chmod(name.path(), mode).map_err(StoreError::io("change the mode of", name.path()))?;
        Ok(StagedLayer { name })
    }

    /// Makes a verified layer visible, with the compressed form it came in. A layer that is already here is
    /// kept.
    pub(crate) fn publish_layer(
        &self,
        staged: StagedLayer,
        facts: LayerFacts<'_>,
        blob: Option<(StagedBlob, BlobRecord)>,
    ) -> Result<Layer, StoreError> {
        let mut state = self.writable_state()?;
        let id = facts.id.clone();
        if !state.layers.contains_key(&id) {
            let record = self.place_layer(&state, staged, facts)?;
            state.layers.insert(id.clone(), record);
        }
        self.attach_blob(&mut state, &id, blob)?;
        let record = state.layers.get(&id).ok_or(StoreError::NoSuchLayer { id })?;
        Ok(self.leased(record))
    }

    /// Keeps one more compressed form of a layer that is here.
    pub(crate) fn publish_layer_blob(
        &self,
        id: &LayerId,
        blob: StagedBlob,
        record: BlobRecord,
    ) -> Result<Layer, StoreError> {
        blob.sync()?;
        let mut state = self.writable_state()?;
        self.attach_blob(&mut state, id, Some((blob, record)))?;
        let record = state.layers.get(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
        Ok(self.leased(record))
    }

    fn place_layer(
        &self,
        state: &State,
        staged: StagedLayer,
        facts: LayerFacts<'_>,
    ) -> Result<LayerRecord, StoreError> {
        let record = LayerRecord {
            directory: state.free_directory_name(&facts.id),
            id: facts.id,
            size: facts.extracted.size,
            packed_size: facts.packed_size,
            opaque_root: facts.extracted.opaque_root,
            belongs_on: facts.extracted.links_below.then(|| facts.below.to_vec()),
            unsynced: Some(boot_id()?),
            blobs: Vec::new(),
            holders: Default::default(),
        };
        let path = self.paths().layer_directory(&record.directory);
        staged.name.publish(&path).map_err(StoreError::io("create", &path))?;
        record.save(self.paths())?;
        Ok(record)
    }

    fn attach_blob(
        &self,
        state: &mut State,
        id: &LayerId,
        blob: Option<(StagedBlob, BlobRecord)>,
    ) -> Result<(), StoreError> {
        let Some((staged, blob)) = blob else { return Ok(()) };
        let layer = state.layers.get_mut(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
        if layer.blobs.iter().any(|known| known.digest == blob.digest) {
            return Ok(());
        }
        self.publish_blob(staged, &blob.digest)?;
        let mut changed = layer.clone();
        changed.blobs.push(blob);
        changed.save(self.paths())?;
        *layer = changed;
        Ok(())
    }

    /// Makes an image from a configuration and layers that are here (lowest first), and tags it. The
    /// configuration's list of layers is set from `layers`. An image that is already here only gets the tags.
    ///
    /// # Errors
    /// [`StoreError::NoSuchLayer`] when a layer is missing, otherwise what the file system says.
    pub fn create_image(
        &self,
        mut config: ImageConfig,
        layers: &[LayerId],
        tags: &[Reference],
    ) -> Result<Image, StoreError> {
        config.rootfs.diff_ids = layers.to_vec();
        let write = |source| StoreError::State { path: self.paths().images(), source };
        let bytes = config.to_bytes().map_err(write)?;
        self.publish_image(&bytes, None, tags)
    }

    /// Stores an image's documents and makes it visible under `tags`.
    pub(crate) fn publish_image(
        &self,
        config: &[u8],
        source: Option<ImageSource>,
        tags: &[Reference],
    ) -> Result<Image, StoreError> {
        let id = Digest::of(config);
        let layers = parse_layers(&id, config)?;
        self.sync_layers(&layers)?;
        let mut state = self.writable_state()?;
        check_layers(&state, &layers)?;
        self.write_document(&id, config)?;
        let now = Timestamp::now();
        let mut record = state
            .records
            .images
            .get(&id)
            .cloned()
            .unwrap_or(ImageRecord { added: now, ..Default::default() });
        if let Some(source) = source {
            self.add_source(&mut record, source)?;
        }
        self.change_records(&mut state, |records| {
            records.images.insert(id.clone(), record);
            for tag in tags {
                records.tags.insert(tag.to_string(), TagRecord { image: id.clone(), tagged: now });
            }
        })?;
        drop(state);
        self.image(&id)
    }

    fn add_source(&self, record: &mut ImageRecord, source: ImageSource) -> Result<(), StoreError> {
        for (digest, bytes) in &source.documents {
            self.write_document(digest, bytes)?;
        }
        let documents = Source { target: source.target, manifest: source.manifest };
        record.sources.insert(source.repository.unwrap_or_default(), documents);
        Ok(())
    }

    /// Puts the files of new layers on disk, once for all layers of an image: an image record is a promise
    /// that they are there, also after a power failure.
    fn sync_layers(&self, layers: &[LayerId]) -> Result<(), StoreError> {
        let unsynced =
            |state: &State, id: &LayerId| state.layers.get(id).is_some_and(|layer| layer.unsynced.is_some());
        let new: Vec<&LayerId> = {
            let state = self.state();
            layers.iter().filter(|id| unsynced(&state, id)).collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        sync_file_system(self.paths().root())?;
        for id in new {
            self.change_layer(id, |record| record.unsynced.take().is_some())?;
        }
        Ok(())
    }

    /// Changes the image records on disk, then in memory.
    pub(super) fn change_records(
        &self,
        state: &mut State,
        change: impl FnOnce(&mut super::records::Records),
    ) -> Result<(), StoreError> {
        let mut changed = state.records.clone();
        change(&mut changed);
        changed.save(self.paths())?;
        state.records = changed;
        Ok(())
    }
}

/// All layers must be here, and those with copies from below must stand on the layers they were copied from.
fn check_layers(state: &State, layers: &[LayerId]) -> Result<(), StoreError> {
    for (position, id) in layers.iter().enumerate() {
        let record = state.layers.get(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
        if record.belongs_on.as_ref().is_some_and(|below| below[..] != layers[..position]) {
            return Err(StoreError::BelongsElsewhere { id: id.clone() });
        }
    }
    Ok(())
}

fn parse_layers(id: &Digest, config: &[u8]) -> Result<Vec<LayerId>, StoreError> {
    let unusable = |error| StoreError::Document { digest: id.clone(), source: DocumentError::Json(error) };
    let config: ImageConfig = serde_json::from_slice(config).map_err(unusable)?;
    Ok(config.rootfs.diff_ids)
}

fn sync_file_system(path: &Path) -> Result<(), StoreError> {
    let directory = fs::File::open(path).map_err(StoreError::io("open", path))?;
    rustix::fs::syncfs(&directory).map_err(StoreError::io("write out", path))
}

/// Identifies the time since the kernel started (random(4)).
pub(super) fn boot_id() -> Result<String, StoreError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = fs::read_to_string(path).map_err(StoreError::io("read", path))?;
    Ok(text.trim().to_owned())
}
