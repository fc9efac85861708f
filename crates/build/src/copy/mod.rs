//! Copying selected files into a file system that is being built (contract 8.4).
//!
//! The way of a file: a [`crate::tree::select::Selection`] names it, [`transfer`] decides where it goes,
//! [`place`] makes it there. Every path on both sides is resolved below its root; no link leads out.

pub(crate) mod mode;
pub(crate) mod owner;
mod place;
mod transfer;
mod unpack;

use std::io;
use std::path::{Path, PathBuf};

use wharf_container::fsroot;
use wharf_container::user::UserError;
use wharf_image::layer::LayerError;

use crate::tree::TreeError;

pub(crate) use place::{NewDirectories, create_directories};
pub(crate) use transfer::{Copier, Rules};

/// Why files could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source side.
    #[error("cannot take files")]
    Source {
        /// Why.
        #[source]
        source: TreeError,
    },
    /// A directory of the source meets something else in the image.
    #[error("cannot copy a directory to {0:?}, which is no directory")]
    NotADirectory(PathBuf),
    /// A file of the source meets a directory in the image.
    #[error("cannot copy a file over the directory {0:?}")]
    IsADirectory(PathBuf),
    /// Making something failed.
    #[error("cannot {operation} {path:?}")]
    Place {
        /// What was tried.
        operation: &'static str,
        /// Path in the image.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `--chown` cannot be resolved.
    #[error("cannot find the owner")]
    Owner(#[from] UserError),
    /// An archive of `ADD` cannot be unpacked.
    #[error("cannot unpack {path:?}")]
    Unpack {
        /// Path in the context.
        path: PathBuf,
        /// Why.
        #[source]
        source: LayerError,
    },
}

impl CopyError {
    fn place(operation: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Place { operation, path: path.to_owned(), source: source.into() }
    }
}

impl From<TreeError> for CopyError {
    fn from(source: TreeError) -> Self {
        Self::Source { source }
    }
}

impl From<fsroot::Error> for CopyError {
    fn from(error: fsroot::Error) -> Self {
        Self::Place { operation: error.operation, path: error.path, source: error.source }
    }
}
