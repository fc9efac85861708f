//! Tags: names that can be moved from image to image.

use jiff::Timestamp;

use super::ImageStore;
use super::error::StoreError;
use super::records::{Source, TagRecord};
use crate::digest::Digest;
use crate::reference::Reference;

impl ImageStore {
    /// Points a tag to an image. An image that loses it stays, dangling.
    ///
    /// # Errors
    /// [`StoreError::NoSuchImage`]; [`StoreError::TagIsDigest`] when `reference` has a digest.
    pub fn tag(&self, id: &Digest, reference: &Reference) -> Result<(), StoreError> {
        if reference.digest().is_some() {
            return Err(StoreError::TagIsDigest);
        }
        let mut state = self.writable_state()?;
        if !state.records.images.contains_key(id) {
            return Err(StoreError::NoSuchImage { name: id.to_string() });
        }
        let tag = TagRecord { image: id.clone(), tagged: Timestamp::now() };
        self.change_records(&mut state, |records| {
            records.tags.insert(reference.to_string(), tag);
        })
    }

    /// Removes a tag and nothing else; true when it existed.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn untag(&self, reference: &Reference) -> Result<bool, StoreError> {
        let mut state = self.writable_state()?;
        let name = reference.to_string();
        if !state.records.tags.contains_key(&name) {
            return Ok(false);
        }
        self.change_records(&mut state, |records| {
            records.tags.remove(&name);
        })?;
        Ok(true)
    }

    /// Remembers under which digest a repository has the image now.
    pub(crate) fn record_source(
        &self,
        id: &Digest,
        repository: &str,
        manifest: &Digest,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let mut state = self.writable_state()?;
        self.write_document(manifest, bytes)?;
        let source = Source { target: manifest.clone(), manifest: manifest.clone() };
        self.change_records(&mut state, |records| {
            if let Some(record) = records.images.get_mut(id) {
                record.sources.insert(repository.to_owned(), source);
            }
        })
    }

    /// The manifest an image came with, if any; the one from `repository` if it came from there.
    pub(crate) fn manifest_of(&self, id: &Digest, repository: Option<&str>) -> Option<Digest> {
        let state = self.state();
        let sources = &state.records.images.get(id)?.sources;
        let own = repository.and_then(|repository| sources.get(repository));
        own.or_else(|| sources.values().next()).map(|source| source.manifest.clone())
    }

    /// Repositories that the image is known to be in.
    pub(crate) fn repositories_of(&self, id: &Digest) -> Vec<String> {
        let state = self.state();
        let sources = state.records.images.get(id).map(|record| record.sources.keys().cloned().collect());
        sources.unwrap_or_default()
    }
}
