//! What a build leaves behind for the next one, below `<root>/build/` (contract 8.7).
//!
//! ```text
//! steps/<key>.json      which layer a step made        images/<key>.json   which image a configuration became
//! trees/<key>.json      content checksums of files in stages and images
//! files/<key>.json      digests of a context's files   mounts/<key>/       directories of RUN --mount=type=cache
//! work/                 directories of running steps; what is found at the start is removed
//! ```
//! A record's modification time is when it was used last. Records are only hints: whatever is missing or
//! unreadable is built again.

pub(crate) mod files;
pub(crate) mod flights;
pub(crate) mod key;
pub(crate) mod mounts;
pub(crate) mod records;
pub(crate) mod work;

use std::io;
use std::path::{Path, PathBuf};

use files::FileDigests;
use flights::Flights;
use mounts::CacheMounts;
use records::Records;
use work::WorkArea;

/// Everything below the build directory.
#[derive(Debug)]
pub(crate) struct Cache {
    pub steps: Records,
    pub images: Records,
    pub trees: Records,
    pub files: FileDigests,
    pub mounts: CacheMounts,
    pub work: WorkArea,
    pub flights: Flights,
}

impl Cache {
    /// Opens the directory, makes it when it is missing, and removes what a killed process left in `work`.
    pub fn open(directory: &Path) -> Result<Self, CacheError> {
        Ok(Self {
            steps: Records::open(directory.join("steps"))?,
            images: Records::open(directory.join("images"))?,
            trees: Records::open(directory.join("trees"))?,
            files: FileDigests::open(directory.join("files"))?,
            mounts: CacheMounts::open(directory.join("mounts"))?,
            work: WorkArea::open(directory.join("work"))?,
            flights: Flights::default(),
        })
    }
}

/// Why the build directory could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}", path.display())]
pub struct CacheError {
    /// What was tried.
    pub operation: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl CacheError {
    /// Makes a closure for `map_err`.
    pub(crate) fn at<E: Into<io::Error>>(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self { operation, path, source: source.into() }
    }
}
