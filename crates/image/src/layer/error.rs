//! What can go wrong with a layer.

use std::io;

use crate::digest::Digest;
use crate::tar::TarError;

/// Why a layer cannot be unpacked or packed.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The archive itself.
    #[error(transparent)]
    Archive(#[from] TarError),
    /// The compressed stream.
    #[error("cannot decompress the layer")]
    Decompress(#[source] io::Error),
    /// A file system operation on one entry.
    #[error("cannot {action} {path:?}")]
    Entry {
        /// What was tried.
        action: &'static str,
        /// The entry's name in the image.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A hard link that points above the root (CVE-2026-17106).
    #[error("hard link {path:?} points outside of the image: {target:?}")]
    LinkEscapes {
        /// The link.
        path: String,
        /// Its target as written.
        target: String,
    },
    /// A hard link to nothing in this layer. The target may be in a layer below.
    #[error("hard link {path:?} points to {target:?}, which does not exist")]
    LinkTargetMissing {
        /// The link.
        path: String,
        /// Its target.
        target: String,
    },
    /// `.wh.` without a name.
    #[error("invalid whiteout {path:?}: it names nothing")]
    EmptyWhiteout {
        /// The entry's name.
        path: String,
    },
    /// The content is not what was promised.
    #[error("the content of the layer has the digest {actual}, expected {expected}")]
    Digest {
        /// What was promised.
        expected: Digest,
        /// What came.
        actual: Digest,
    },
    /// Far more entries than any image has.
    #[error("layer has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// The overlay was mounted with a feature whose changes are not visible in its upper directory.
    #[error("cannot make a layer from {path:?}: overlayfs keeps it by reference ({attribute})")]
    OverlayReference {
        /// The entry.
        path: String,
        /// The attribute that says so.
        attribute: String,
    },
}

impl LayerError {
    pub(crate) fn entry<E: Into<io::Error>>(
        action: &'static str,
        path: &[u8],
    ) -> impl FnOnce(E) -> LayerError {
        let path = crate::tar::printable(path);
        move |source| LayerError::Entry { action, path, source: source.into() }
    }
}
