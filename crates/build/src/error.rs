//! Why a build failed.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use wharf_image::reference::ReferenceError;
use wharf_image::store::StoreError;

use crate::cache::CacheError;
use crate::copy::CopyError;
use crate::dockerfile::DockerfileError;
use crate::runner::RunnerError;
use crate::tree::TreeError;

/// Why a build failed. [`BuildError::report`] gives the whole story in one text.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The Dockerfile says something wrong.
    #[error(transparent)]
    Dockerfile(#[from] Box<DockerfileError>),
    /// A file of the request cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The ignore file is not valid.
    #[error("in {path}")]
    Ignore {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: TreeError,
    },
    /// The request itself cannot be fulfilled.
    #[error("{0}")]
    Request(String),
    /// A name for the image is not valid.
    #[error("invalid tag {name:?}")]
    Tag {
        /// As given.
        name: String,
        /// Why.
        #[source]
        source: ReferenceError,
    },
    /// A base image cannot be had.
    #[error("{place}: cannot get the image {reference}")]
    Image {
        /// File and line.
        place: String,
        /// As written.
        reference: String,
        /// Why.
        #[source]
        source: Box<ImageError>,
    },
    /// A step failed.
    #[error("{place}: {instruction}")]
    Step {
        /// File and line.
        place: String,
        /// The instruction as written, first line.
        instruction: String,
        /// Why.
        #[source]
        source: Box<StepError>,
    },
    /// The image store failed.
    #[error("cannot store the image")]
    Store(#[source] StoreError),
    /// The build directory failed.
    #[error("in the build directory")]
    Cache(#[from] CacheError),
}

/// Why a base image cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Its name is not valid.
    #[error("the name is not valid")]
    Reference(#[from] ReferenceError),
    /// The platform is not valid.
    #[error("invalid platform {0:?}")]
    Platform(String),
    /// The registry, or the caller's rules, said no.
    #[error(transparent)]
    Pull(#[from] PullError),
    /// The image store failed.
    #[error("the image store failed")]
    Store(#[source] StoreError),
}

/// Why an image could not be pulled, in the words of the one who tried.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PullError(
    /// The message, with its causes.
    pub String,
);

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Its process ended with another code than 0 (contract 8.8.4).
    #[error("process {command:?} did not complete successfully: exit code: {code}")]
    Exit {
        /// The words, joined by blanks.
        command: String,
        /// The exit code.
        code: i32,
    },
    /// Its process was killed because memory ran out.
    #[error("process {command:?} did not complete successfully: cannot allocate memory")]
    OutOfMemory {
        /// The words, joined by blanks.
        command: String,
    },
    /// Its process could not be run.
    #[error("cannot run process {command:?}")]
    Run {
        /// The words, joined by blanks.
        command: String,
        /// Why.
        #[source]
        source: RunnerError,
    },
    /// A required secret was not given.
    #[error("secret {0}: not found")]
    SecretMissing(String),
    /// A secret cannot be used.
    #[error("secret {id}: {problem}")]
    Secret {
        /// Which.
        id: String,
        /// Why.
        problem: String,
    },
    /// Files to copy cannot be found or read.
    #[error("cannot find the files")]
    Files(#[from] TreeError),
    /// Copying failed.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file system operation of the step failed.
    #[error("cannot {operation} {path}")]
    FileSystem {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The layer cannot be stored.
    #[error("cannot store the layer")]
    Store(#[source] StoreError),
    /// The build directory failed.
    #[error("in the build directory")]
    Cache(#[from] CacheError),
}

impl From<DockerfileError> for BuildError {
    fn from(error: DockerfileError) -> Self {
        Self::Dockerfile(Box::new(error))
    }
}

impl BuildError {
    /// The message with all its causes, separated by `: `.
    pub fn report(&self) -> String {
        chain(self)
    }
}

/// An error and its sources in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
