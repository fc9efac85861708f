//! What a pull, push or load tells its caller while it works, in the steps of Docker's progress stream.
//!
//! Owns the vocabulary. It prints nothing: a caller turns each value into a line, a bar or a JSON message.

use std::fmt;
use std::sync::Arc;

use crate::digest::Digest;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is about: the first 12 digits of a layer's digest, a tag, or nothing for the whole operation.
    pub id: Option<String>,
    /// What happens.
    pub status: Status,
    /// How far it is, for statuses that take time.
    pub amount: Option<Amount>,
}

/// Bytes done of bytes in total; `total` is 0 when unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Bytes done.
    pub current: u64,
    /// Bytes in total.
    pub total: u64,
}

/// What happens; printed, it is the `status` text of Docker's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The pull starts; `id` is the tag or digest.
    PullingFrom {
        /// The repository's path.
        repository: String,
    },
    /// The layer is needed and not here.
    PullingLayer,
    /// All download slots are taken.
    Waiting,
    /// Bytes arrive.
    Downloading,
    /// The download was interrupted and goes on after a pause.
    Retrying {
        /// Seconds until the next attempt.
        seconds: u64,
    },
    /// All bytes are here; their digest is compared.
    VerifyingChecksum,
    /// The compressed layer is in the store.
    DownloadComplete,
    /// Files are written.
    Extracting,
    /// The layer can be used.
    PullComplete,
    /// The layer was here before.
    AlreadyExists,
    /// The digest of what the name refers to.
    Digest(Digest),
    /// The pull changed something.
    DownloadedNewer {
        /// The familiar reference.
        reference: String,
    },
    /// The pull changed nothing.
    UpToDate {
        /// The familiar reference.
        reference: String,
    },
    /// The push starts.
    PushRefersTo {
        /// The full repository name.
        repository: String,
    },
    /// The layer is about to be sent.
    Preparing,
    /// Bytes are sent.
    Pushing,
    /// The layer is in the registry now.
    Pushed,
    /// The registry had the layer.
    LayerAlreadyExists,
    /// The registry took the layer from another of its repositories.
    MountedFrom {
        /// The other repository's path.
        repository: String,
    },
    /// The manifest is in the registry.
    PushedManifest {
        /// The tag.
        tag: String,
        /// The manifest's digest.
        digest: Digest,
        /// The manifest's size in bytes.
        size: u64,
    },
    /// An archive's layer is read.
    LoadingLayer,
    /// An archive's image has a name.
    LoadedImage {
        /// The familiar reference.
        reference: String,
    },
    /// An archive's image has no name.
    LoadedImageId {
        /// The image id.
        id: Digest,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::PullingFrom { repository } => write!(formatter, "Pulling from {repository}"),
            Status::PullingLayer => formatter.write_str("Pulling fs layer"),
            Status::Waiting => formatter.write_str("Waiting"),
            Status::Downloading => formatter.write_str("Downloading"),
            Status::Retrying { seconds: 1 } => formatter.write_str("Retrying in 1 second"),
            Status::Retrying { seconds } => write!(formatter, "Retrying in {seconds} seconds"),
            Status::VerifyingChecksum => formatter.write_str("Verifying Checksum"),
            Status::DownloadComplete => formatter.write_str("Download complete"),
            Status::Extracting => formatter.write_str("Extracting"),
            Status::PullComplete => formatter.write_str("Pull complete"),
            Status::AlreadyExists => formatter.write_str("Already exists"),
            Status::Digest(digest) => write!(formatter, "Digest: {digest}"),
            Status::DownloadedNewer { reference } => {
                write!(formatter, "Status: Downloaded newer image for {reference}")
            }
            Status::UpToDate { reference } => {
                write!(formatter, "Status: Image is up to date for {reference}")
            }
            Status::PushRefersTo { repository } => {
                write!(formatter, "The push refers to repository [{repository}]")
            }
            Status::Preparing => formatter.write_str("Preparing"),
            Status::Pushing => formatter.write_str("Pushing"),
            Status::Pushed => formatter.write_str("Pushed"),
            Status::LayerAlreadyExists => formatter.write_str("Layer already exists"),
            Status::MountedFrom { repository } => write!(formatter, "Mounted from {repository}"),
            Status::PushedManifest { tag, digest, size } => {
                write!(formatter, "{tag}: digest: {digest} size: {size}")
            }
            Status::LoadingLayer => formatter.write_str("Loading layer"),
            Status::LoadedImage { reference } => write!(formatter, "Loaded image: {reference}"),
            Status::LoadedImageId { id } => write!(formatter, "Loaded image ID: {id}"),
        }
    }
}

/// Receives progress; called from several threads, so it must be quick and must not block.
#[derive(Clone)]
pub struct ProgressSink(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressSink {
    /// Calls `receive` for every message.
    pub fn new(receive: impl Fn(Progress) + Send + Sync + 'static) -> ProgressSink {
        ProgressSink(Arc::new(receive))
    }

    /// Forgets every message.
    pub fn none() -> ProgressSink {
        ProgressSink::new(|_| {})
    }

    /// Sends a message about the whole operation.
    pub(crate) fn overall(&self, status: Status) {
        (self.0)(Progress { id: None, status, amount: None });
    }

    /// Sends a message about one part.
    pub(crate) fn part(&self, id: &str, status: Status) {
        (self.0)(Progress { id: Some(id.to_owned()), status, amount: None });
    }

    /// Sends how far one part is.
    pub(crate) fn amount(&self, id: &str, status: Status, current: u64, total: u64) {
        (self.0)(Progress { id: Some(id.to_owned()), status, amount: Some(Amount { current, total }) });
    }
}
