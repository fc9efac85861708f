//! What can go wrong in the store.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::layer::LayerError;
use crate::model::DocumentError;
use crate::reference::ReferenceError;

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file system operation.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process writes to this store.
    #[error("image store {} is in use by another process", path.display())]
    Locked {
        /// The store's directory.
        path: PathBuf,
    },
    /// The store was opened for reading.
    #[error("image store {} was opened for reading only", path.display())]
    ReadOnly {
        /// The store's directory.
        path: PathBuf,
    },
    /// A state file of a newer program, or a damaged one.
    #[error("cannot read the state file {}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// A state file of a newer program.
    #[error("state file {} has the version {version}; this program knows {known}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// Ours.
        known: u32,
    },
    /// No image has this name or id.
    #[error("No such image: {name}")]
    NoSuchImage {
        /// As it was asked for, in the familiar form.
        name: String,
    },
    /// A short id fits several images.
    #[error("ambiguous image id {prefix}: {count} images begin with it")]
    Ambiguous {
        /// The short id.
        prefix: String,
        /// How many fit.
        count: usize,
    },
    /// The removal is refused because of containers or other names. Docker's words.
    #[error("{0}")]
    Conflict(String),
    /// Not a reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A tag cannot be set on a digest.
    #[error("refusing to create a tag with a digest reference")]
    TagIsDigest,
    /// A layer the image needs is not in the store.
    #[error("layer {id} is not in the image store")]
    NoSuchLayer {
        /// The layer.
        id: Digest,
    },
    /// The layer has hard links into layers below and is here for an image with others.
    #[error(
        "layer {id} has links into the layers below it and cannot be shared with an image that has others"
    )]
    BelongsElsewhere {
        /// The layer.
        id: Digest,
    },
    /// A blob is not in the store.
    #[error("blob {digest} is not in the image store")]
    NoSuchBlob {
        /// The blob.
        digest: Digest,
    },
    /// A manifest or configuration is unusable.
    #[error("document {digest} is unusable")]
    Document {
        /// Its digest.
        digest: Digest,
        /// Why.
        source: DocumentError,
    },
    /// A layer cannot be packed or unpacked.
    #[error("cannot process the layer {layer}")]
    Layer {
        /// Which, as far as known.
        layer: String,
        /// Why.
        source: LayerError,
    },
    /// Configuration and manifest contradict each other.
    #[error("image configuration lists {configured} layers, the manifest {delivered}")]
    LayerCount {
        /// In the configuration.
        configured: usize,
        /// In the manifest.
        delivered: usize,
    },
}

impl StoreError {
    pub(crate) fn io<E: Into<io::Error>>(action: &'static str, path: &Path) -> impl FnOnce(E) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source: source.into() }
    }

    pub(crate) fn layer(layer: impl ToString) -> impl FnOnce(LayerError) -> StoreError {
        let layer = layer.to_string();
        move |source| StoreError::Layer { layer, source }
    }
}
