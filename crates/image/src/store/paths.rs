//! Where things are below the store's directory. Nothing else builds such a path.

use std::path::{Path, PathBuf};

use crate::digest::Digest;

/// The layout of a store.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    root: PathBuf,
}

impl Paths {
    pub(crate) fn new(root: &Path) -> Paths {
        Paths { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Held by the one process that writes.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Images and tags.
    pub(crate) fn images(&self) -> PathBuf {
        self.root.join("images.json")
    }

    /// Unfinished things; emptied when a writer opens the store.
    pub(crate) fn staging(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Descriptions of layers.
    pub(crate) fn layers(&self) -> PathBuf {
        self.root.join("layers")
    }

    pub(crate) fn layer_record(&self, id: &Digest) -> PathBuf {
        self.layers().join(format!("{}-{}.json", id.algorithm().name(), id.hex()))
    }

    /// Unpacked layers. One letter, because up to 128 of these paths must fit one page of mount options
    /// (contract 7.4.7).
    pub(crate) fn layer_directories(&self) -> PathBuf {
        self.root.join("l")
    }

    pub(crate) fn layer_directory(&self, name: &str) -> PathBuf {
        self.layer_directories().join(name)
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.algorithm().name()).join(digest.hex())
    }
}
