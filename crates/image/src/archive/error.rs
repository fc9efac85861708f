//! What can go wrong with an archive of images.

use std::io;

use crate::layer::LayerError;
use crate::model::DocumentError;
use crate::reference::ReferenceError;
use crate::store::StoreError;
use crate::tar::TarError;

/// Why an archive cannot be loaded, saved or imported.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The outer archive.
    #[error("cannot read the image archive")]
    Archive(#[from] TarError),
    /// Its compression or its files.
    #[error("cannot unpack the image archive")]
    Unpack(#[source] LayerError),
    /// A temporary file, or the stream that is written to.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Neither `index.json` nor `manifest.json`.
    #[error("not an image archive: it has neither index.json nor manifest.json")]
    NotAnImage,
    /// The archive names a file it does not have.
    #[error("image archive has no file {path:?}")]
    Missing {
        /// The file.
        path: String,
    },
    /// A document in it is unusable.
    #[error("cannot read {path:?} in the image archive")]
    Document {
        /// The file.
        path: String,
        /// Why.
        source: DocumentError,
    },
    /// Content does not have the digest its name or descriptor promises.
    #[error("{path:?} in the image archive does not have the promised digest or size")]
    Corrupt {
        /// The file.
        path: String,
    },
    /// A name in it is not a reference.
    #[error("image archive has the invalid name {name:?}")]
    Name {
        /// The name.
        name: String,
        /// Why.
        source: ReferenceError,
    },
    /// A `--change` that is not understood.
    #[error("{0}")]
    Change(String),
    /// Larger than anything reasonable.
    #[error("image archive has more than {limit} files")]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
}

impl ArchiveError {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
        move |source| ArchiveError::Io { action, source }
    }
}
