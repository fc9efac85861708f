//! Blobs: compressed layers and documents by digest.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::sync::Arc;

use super::ImageStore;
use super::error::StoreError;
use crate::digest::Digest;
use crate::disk::{TemporaryName, write_whole};
use crate::model::{Document, DocumentError, ImageConfig, MAX_DOCUMENT_SIZE, Manifest};

/// A blob that is being written; it vanishes when dropped.
#[derive(Debug)]
pub(crate) struct StagedBlob {
    name: TemporaryName,
}

impl StagedBlob {
    /// Opens it once more, from the start.
    pub(crate) fn open(&self) -> Result<File, StoreError> {
        File::open(self.name.path()).map_err(StoreError::io("open", self.name.path()))
    }

    /// Puts its bytes on disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.open()?.sync_all().map_err(StoreError::io("write out", self.name.path()))
    }
}

impl ImageStore {
    /// Opens a blob.
    pub(crate) fn open_blob(&self, digest: &Digest) -> Result<File, StoreError> {
        let path = self.paths().blob(digest);
        match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::NoSuchBlob { digest: digest.clone() })
            }
            other => other.map_err(StoreError::io("open", &path)),
        }
    }

    /// Reads a document blob, at most [`MAX_DOCUMENT_SIZE`] bytes.
    pub(crate) fn read_document(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.paths().blob(digest);
        let mut bytes = Vec::new();
        let file = self.open_blob(digest)?;
        file.take(MAX_DOCUMENT_SIZE + 1).read_to_end(&mut bytes).map_err(StoreError::io("read", &path))?;
        let size = bytes.len() as u64;
        if size > MAX_DOCUMENT_SIZE {
            let source = DocumentError::TooLarge { size };
            return Err(StoreError::Document { digest: digest.clone(), source });
        }
        Ok(bytes)
    }

    /// Reads a manifest blob.
    pub(crate) fn read_manifest(&self, digest: &Digest) -> Result<Manifest, StoreError> {
        let unusable = |source| StoreError::Document { digest: digest.clone(), source };
        match Document::parse(&self.read_document(digest)?).map_err(unusable)? {
            Document::Manifest(manifest) => Ok(manifest),
            Document::Index(_) => Err(unusable(DocumentError::Unknown)),
        }
    }

    /// The configuration document of an image.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBlob`] when there is no such image.
    pub fn config(&self, id: &Digest) -> Result<Arc<ImageConfig>, StoreError> {
        if let Some(config) = self.state().configs.get(id) {
            return Ok(config.clone());
        }
        let config = Arc::new(self.parse_config(id)?);
        self.state().configs.insert(id.clone(), config.clone());
        Ok(config)
    }

    fn parse_config(&self, id: &Digest) -> Result<ImageConfig, StoreError> {
        let source = |error| StoreError::Document { digest: id.clone(), source: DocumentError::Json(error) };
        serde_json::from_slice(&self.read_document(id)?).map_err(source)
    }

    /// A new file in the staging directory.
    pub(crate) fn stage_blob(&self) -> Result<(StagedBlob, File), StoreError> {
        let name = TemporaryName::new(&self.paths().staging());
        let file = File::create_new(name.path()).map_err(StoreError::io("create", name.path()))?;
        Ok((StagedBlob { name }, file))
    }

    /// Gives a complete, verified blob its place. The caller holds the state, so that nothing collects it
    /// meanwhile.
    pub(super) fn publish_blob(&self, blob: StagedBlob, digest: &Digest) -> Result<(), StoreError> {
        let path = self.paths().blob(digest);
        self.make_blob_directory(digest)?;
        blob.name.publish(&path).map_err(StoreError::io("create", &path))
    }

    /// Stores a document under its digest. The caller holds the state.
    pub(super) fn write_document(&self, digest: &Digest, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.paths().blob(digest);
        self.make_blob_directory(digest)?;
        if path.exists() {
            return Ok(());
        }
        write_whole(&self.paths().staging(), &path, bytes).map_err(StoreError::io("create", &path))
    }

    fn make_blob_directory(&self, digest: &Digest) -> Result<(), StoreError> {
        let directory = self.paths().blobs().join(digest.algorithm().name());
        fs::create_dir_all(&directory).map_err(StoreError::io("create", &directory))
    }

    /// Copies a blob to `sink` and returns its size in bytes.
    pub(crate) fn copy_blob(&self, digest: &Digest, mut sink: impl Write) -> std::io::Result<u64> {
        let mut file = self.open_blob(digest).map_err(std::io::Error::other)?;
        std::io::copy(&mut file, &mut sink)
    }
}
