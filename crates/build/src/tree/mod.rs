//! Trees that files are taken from: the context, a named context, a stage, an image.
//!
//! Owns finding files ([`select`]), leaving out what `.dockerignore` says ([`ignore`]) and their content
//! checksums ([`checksum`]). Everything below a tree's root is opened through
//! [`wharf_container::fsroot::Root`] and never followed out of it.

pub(crate) mod checksum;
pub(crate) mod digests;
pub(crate) mod ignore;
pub(crate) mod select;
mod wildcard;
pub(crate) mod xattrs;

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};

use wharf_container::fsroot::{self, Root};

use ignore::Ignore;

/// A directory that files are taken from.
pub(crate) struct Tree {
    pub root: Root,
    /// What is left out.
    pub ignore: Ignore,
    /// Whose the files are.
    pub owners: Owners,
}

/// Whose a tree's files are (contract 8.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owners {
    /// Everything counts as 0:0: the host's users mean nothing in an image.
    Root,
    /// As stored.
    Kept,
}

/// Why files could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A source matches nothing.
    #[error("{path:?}: not found")]
    NotFound {
        /// As written.
        path: String,
        /// Whether the ignore file is what hides it.
        ignored: bool,
    },
    /// A wildcard or ignore pattern is not well formed.
    #[error("{0:?} is not a valid pattern")]
    BadPattern(String),
    /// The kernel said no.
    #[error("cannot {} {:?}", source.operation, source.path)]
    Root {
        /// What was tried, on what.
        #[source]
        source: fsroot::Error,
    },
    /// Reading something that was found failed.
    #[error("cannot read {path:?}")]
    Read {
        /// Path below the tree's root.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl From<fsroot::Error> for TreeError {
    fn from(source: fsroot::Error) -> Self {
        Self::Root { source }
    }
}

impl TreeError {
    pub(crate) fn read(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Read { path: path.to_owned(), source: source.into() }
    }
}

/// Where a descriptor below a root leads, as a path from that root, with all links resolved.
pub(crate) fn resolved_path(root: &Root, found: BorrowedFd<'_>) -> io::Result<PathBuf> {
    use std::os::fd::AsFd;
    let location = |fd: BorrowedFd<'_>| std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()));
    let (root, found) = (location(root.as_fd())?, location(found)?);
    let below =
        found.strip_prefix(&root).map_err(|_| io::Error::other("it moved away while it was looked at"))?;
    Ok(below.to_owned())
}
