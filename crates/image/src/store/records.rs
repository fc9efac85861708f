//! The state files: images with their tags in one, each layer in its own. JSON with a version, replaced
//! whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::paths::Paths;
use crate::digest::Digest;
use crate::disk::write_whole;

const VERSION: u32 = 1;

/// All images and tags.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Records {
    /// By image id (digest of the configuration).
    pub(crate) images: BTreeMap<Digest, ImageRecord>,
    /// By full reference, `docker.io/library/redis:7`.
    pub(crate) tags: BTreeMap<String, TagRecord>,
}

/// One image.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ImageRecord {
    /// Where it came from, by full repository name.
    #[serde(default)]
    pub(crate) sources: BTreeMap<String, Source>,
    /// When it came into the store.
    pub(crate) added: Timestamp,
}

/// The documents a registry or archive gave for an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// What the name referred to: an index or the manifest.
    pub(crate) target: Digest,
    /// The manifest of this image.
    pub(crate) manifest: Digest,
}

/// Where a tag points.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TagRecord {
    pub(crate) image: Digest,
    /// When it was set or confirmed by a pull (contract 7.6).
    pub(crate) tagged: Timestamp,
}

/// One unpacked layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LayerRecord {
    /// Digest of the uncompressed archive.
    pub(crate) id: Digest,
    /// Name below `l/`.
    pub(crate) directory: String,
    /// Bytes of all regular files.
    pub(crate) size: u64,
    /// Bytes of the uncompressed archive, where it can be made again from the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) packed_size: Option<u64>,
    /// Hides everything below.
    #[serde(default)]
    pub(crate) opaque_root: bool,
    /// Compressed forms that are kept, so that save and push give the very bytes that were pulled.
    #[serde(default)]
    pub(crate) blobs: Vec<BlobRecord>,
    /// For a layer with copies of files from below: the layers it was unpacked over, lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) belongs_on: Option<Vec<Digest>>,
    /// The boot during which it was written, until its files are known to be on disk. After another boot it
    /// is worthless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unsynced: Option<String>,
    /// Who needs it although no image does.
    #[serde(default)]
    pub(crate) holders: BTreeSet<String>,
}

/// A compressed form of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobRecord {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Deserialize)]
struct OnlyVersion {
    version: u32,
}

impl Records {
    pub(crate) fn load(paths: &Paths) -> Result<Records, StoreError> {
        Ok(load(&paths.images())?.unwrap_or_default())
    }

    pub(crate) fn save(&self, paths: &Paths) -> Result<(), StoreError> {
        save(paths, &paths.images(), self)
    }
}

impl LayerRecord {
    pub(crate) fn load(path: &Path) -> Result<Option<LayerRecord>, StoreError> {
        load(path)
    }

    pub(crate) fn save(&self, paths: &Paths) -> Result<(), StoreError> {
        save(paths, &paths.layer_record(&self.id), self)
    }
}

fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let damaged = |source| StoreError::State { path: path.to_owned(), source };
    // The version first: a newer program's file need not have the shape known here.
    let OnlyVersion { version } = serde_json::from_slice(&text).map_err(damaged)?;
    if version != VERSION {
        return Err(StoreError::Version { path: path.to_owned(), version, known: VERSION });
    }
    let versioned: Versioned<T> = serde_json::from_slice(&text).map_err(damaged)?;
    Ok(Some(versioned.content))
}

fn save<T: Serialize>(paths: &Paths, path: &Path, content: &T) -> Result<(), StoreError> {
    let text = serde_json::to_vec_pretty(&Versioned { version: VERSION, content })
        .map_err(|source| StoreError::State { path: path.to_owned(), source })?;
    write_whole(&paths.staging(), path, &text).map_err(StoreError::io("write", path))
}
