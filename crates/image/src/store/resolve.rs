//! From what a user typed to an image (contract 7.1.4).

use super::error::StoreError;
use super::{Image, ImageStore, State};
use crate::digest::Digest;
use crate::reference::Reference;

/// Shorter beginnings of ids are names.
const SHORTEST_ID: usize = 4;

impl ImageStore {
    /// Finds an image by id (`sha256:…` or its digits), by reference, or by the beginning of its id. A name
    /// wins over the beginning of an id, so that an image called `cafe` stays reachable.
    ///
    /// # Errors
    /// [`StoreError::NoSuchImage`] and [`StoreError::Ambiguous`].
    pub fn resolve(&self, name: &str) -> Result<Image, StoreError> {
        let id = self.state().find(name)?;
        self.image(&id)
    }
}

impl State {
    pub(super) fn find(&self, name: &str) -> Result<Digest, StoreError> {
        if let Some(id) = self.full_id(name) {
            return Ok(id);
        }
        let reference: Option<Reference> = name.parse().ok();
        if let Some(id) = reference.as_ref().and_then(|reference| self.by_reference(reference)) {
            return Ok(id);
        }
        if let Some(id) = self.short_id(name)? {
            return Ok(id);
        }
        let name = reference.map_or_else(|| name.to_owned(), |reference| reference.familiar());
        Err(StoreError::NoSuchImage { name })
    }

    /// True when `name` is an id or the beginning of one, not a reference.
    pub(super) fn names_by_id(&self, name: &str) -> bool {
        let by_name = name.parse::<Reference>().ok().and_then(|reference| self.by_reference(&reference));
        self.full_id(name).is_some() || by_name.is_none()
    }

    fn full_id(&self, name: &str) -> Option<Digest> {
        let id: Digest = name.parse().or_else(|_| format!("sha256:{name}").parse()).ok()?;
        self.records.images.contains_key(&id).then_some(id)
    }

    fn by_reference(&self, reference: &Reference) -> Option<Digest> {
        let Some(digest) = reference.digest() else {
            return Some(self.records.tags.get(&reference.to_string())?.image.clone());
        };
        let repository = reference.name();
        let came_as = |record: &super::records::ImageRecord| {
            let source = record.sources.get(&repository);
            source.is_some_and(|source| source.target == *digest || source.manifest == *digest)
        };
        self.records.images.iter().find(|(_, record)| came_as(record)).map(|(id, _)| id.clone())
    }

    fn short_id(&self, name: &str) -> Result<Option<Digest>, StoreError> {
        let prefix = name.strip_prefix("sha256:").unwrap_or(name);
        let digits = prefix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if prefix.len() < SHORTEST_ID || !digits {
            return Ok(None);
        }
        let mut fitting = self.records.images.keys().filter(|id| id.hex().starts_with(prefix));
        match (fitting.next(), fitting.count()) {
            (first, 0) => Ok(first.cloned()),
            (_, more) => Err(StoreError::Ambiguous { prefix: prefix.to_owned(), count: more + 1 }),
        }
    }
}
