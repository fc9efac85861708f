//! What the store knows about an image, gathered for showing and for running it.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::StoreError;
use super::layers::LayerId;
use super::{ImageStore, State};
use crate::digest::Digest;
use crate::model::ImageConfig;
use crate::reference::Reference;

/// One image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Digest of the configuration: the image id.
    pub id: Digest,
    /// Its tags, sorted.
    pub tags: Vec<Reference>,
    /// Its digests in the repositories it came from or was pushed to, sorted.
    pub digests: Vec<Reference>,
    /// Time of creation that the configuration gives.
    pub created: Option<Timestamp>,
    /// When a tag was last set or confirmed here; for an untagged image when it came here.
    pub tagged: Timestamp,
    /// Bytes of all regular files of all layers.
    pub size: u64,
    /// Diff ids, lowest first.
    pub layers: Vec<LayerId>,
    /// The configuration document.
    pub config: Arc<ImageConfig>,
}

impl Image {
    /// True when no tag points to it.
    pub fn is_dangling(&self) -> bool {
        self.tags.is_empty()
    }
}

impl ImageStore {
    /// All images, newest first.
    ///
    /// # Errors
    /// When the configuration of one cannot be read.
    pub fn list(&self) -> Result<Vec<Image>, StoreError> {
        let ids: Vec<Digest> = self.state().records.images.keys().cloned().collect();
        let mut images = Vec::with_capacity(ids.len());
        for id in ids {
            match self.image(&id) {
                Ok(image) => images.push(image),
                // Removed since the ids were listed.
                Err(StoreError::NoSuchImage { .. } | StoreError::NoSuchBlob { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        images.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(images)
    }

    /// The image with this id.
    ///
    /// # Errors
    /// [`StoreError::NoSuchImage`].
    pub fn image(&self, id: &Digest) -> Result<Image, StoreError> {
        let config = match self.config(id) {
            Err(StoreError::NoSuchBlob { .. }) => Err(no_such(id)),
            other => other,
        }?;
        self.state().image(id, config).ok_or_else(|| no_such(id))
    }
}

fn no_such(id: &Digest) -> StoreError {
    StoreError::NoSuchImage { name: id.to_string() }
}

impl State {
    pub(super) fn image(&self, id: &Digest, config: Arc<ImageConfig>) -> Option<Image> {
        let record = self.records.images.get(id)?;
        let own = || self.records.tags.iter().filter(|(_, tag)| tag.image == *id);
        let layers = config.rootfs.diff_ids.clone();
        let size = layers.iter().filter_map(|layer| Some(self.layers.get(layer)?.size)).sum();
        let digest = |(repository, source): (&String, &super::records::Source)| {
            let name: Reference = repository.parse().ok()?;
            Some(name.with_digest(source.target.clone()))
        };
        Some(Image {
            id: id.clone(),
            tags: own().filter_map(|(name, _)| name.parse().ok()).collect(),
            digests: record.sources.iter().filter_map(digest).collect(),
            created: config.created_at(),
            tagged: own().map(|(_, tag)| tag.tagged).max().unwrap_or(record.added),
            size,
            layers,
            config,
        })
    }
}
