//! What can go wrong between a registry and the store, with Docker's texts (contract 7.5.9, 7.2.4).

use std::path::PathBuf;

use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};

use crate::digest::Digest;
use crate::layer::LayerError;
use crate::model::DocumentError;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::store::StoreError;

/// Why a pull or push failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry does not show the repository to us, or has none of this name.
    #[error("pull access denied for {name}, repository does not exist or may require 'docker login'")]
    PullDenied {
        /// Familiar repository name.
        name: String,
    },
    /// The registry does not let us push.
    #[error("push access denied for {name}: the registry requires other credentials")]
    PushDenied {
        /// Familiar repository name.
        name: String,
    },
    /// There is no such tag or digest.
    #[error("manifest for {reference} not found: manifest unknown")]
    NotFound {
        /// Familiar reference.
        reference: String,
    },
    /// The registry wants fewer requests.
    #[error("toomanyrequests: {message}")]
    RateLimited {
        /// The registry's words.
        message: String,
    },
    /// The image is not made for the platform.
    #[error("no matching manifest for {platform} in the manifest list entries")]
    NoPlatform {
        /// The platform that was wanted.
        platform: Platform,
    },
    /// No connection, or it broke more often than is tolerated.
    #[error("cannot reach the registry {host}")]
    Unreachable {
        /// `host[:port]`.
        host: String,
        /// Why not.
        source: Box<OciDistributionError>,
    },
    /// The registry answered with something else.
    #[error("registry {host} failed")]
    Failed {
        /// `host[:port]`.
        host: String,
        /// What it said.
        source: Box<OciDistributionError>,
    },
    /// A download broke off and would not go on.
    #[error("download of {digest} from {host} broke off")]
    Interrupted {
        /// The blob.
        digest: Digest,
        /// `host[:port]`.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// The registry sent other bytes than promised.
    #[error("registry {host} sent content of {digest} with the wrong size or digest")]
    WrongContent {
        /// `host[:port]`.
        host: String,
        /// What was asked for.
        digest: Digest,
    },
    /// A manifest, index or configuration is unusable.
    #[error("image {reference} is unusable")]
    Document {
        /// Familiar reference.
        reference: String,
        /// Why.
        source: DocumentError,
    },
    /// It is something else than a container image.
    #[error("{reference} is no container image: it has content of type {media_type}")]
    NoImage {
        /// Familiar reference.
        reference: String,
        /// The type.
        media_type: String,
    },
    /// Certificates for the registry cannot be used.
    #[error("cannot use the certificates in {}: {reason}", path.display())]
    Certificates {
        /// The directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Only tags can be pushed.
    #[error("cannot push a digest reference")]
    PushDigest,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program shuts down.
    #[error("the operation was cancelled")]
    Cancelled,
}

/// What is being done, for the choice of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Pull,
    Push,
}

impl RegistryError {
    /// Puts a client error into Docker's words.
    pub(crate) fn from_client(
        error: OciDistributionError,
        operation: Operation,
        reference: &Reference,
        host: &str,
    ) -> RegistryError {
        let host = host.to_owned();
        match Answer::of(&error) {
            Answer::Denied if operation == Operation::Pull => {
                RegistryError::PullDenied { name: reference.familiar_name() }
            }
            Answer::Denied => RegistryError::PushDenied { name: reference.familiar_name() },
            Answer::NotFound => RegistryError::NotFound { reference: reference.familiar() },
            Answer::RateLimited(message) => RegistryError::RateLimited { message },
            Answer::None => RegistryError::Unreachable { host, source: Box::new(error) },
            Answer::Other => RegistryError::Failed { host, source: Box::new(error) },
        }
    }

    /// True when the registry was not even spoken to, so that another way to it may work.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, RegistryError::Unreachable { .. })
    }

    /// True when a layer could not be unpacked because it links into layers that it was not unpacked over.
    pub(crate) fn needs_layers_below(&self) -> bool {
        let RegistryError::Store(StoreError::Layer { source, .. }) = self else { return false };
        matches!(source, LayerError::LinkTargetMissing { .. })
    }

    /// True when a registry said that there is nothing for us.
    pub(crate) fn is_definite(&self) -> bool {
        matches!(
            self,
            RegistryError::NotFound { .. }
                | RegistryError::PullDenied { .. }
                | RegistryError::NoPlatform { .. }
        )
    }
}

enum Answer {
    Denied,
    NotFound,
    RateLimited(String),
    Other,
    None,
}

impl Answer {
    fn of(error: &OciDistributionError) -> Answer {
        match error {
            OciDistributionError::UnauthorizedError { .. }
            | OciDistributionError::AuthenticationFailure(_) => Answer::Denied,
            OciDistributionError::ImageManifestNotFoundError(_) => Answer::NotFound,
            OciDistributionError::RegistryError { envelope, .. } => Answer::of_envelope(envelope),
            OciDistributionError::ServerError { code, message, .. } => Answer::of_status(*code, message),
            OciDistributionError::RequestError(request) => match request.status() {
                Some(status) => Answer::of_status(status.as_u16(), ""),
                None => Answer::None,
            },
            OciDistributionError::IoError(_) => Answer::None,
            _ => Answer::Other,
        }
    }

    fn of_envelope(envelope: &OciEnvelope) -> Answer {
        let Some(first) = envelope.errors.first() else { return Answer::Other };
        match first.code {
            OciErrorCode::ManifestUnknown | OciErrorCode::NameUnknown | OciErrorCode::NotFound => {
                Answer::NotFound
            }
            OciErrorCode::Unauthorized | OciErrorCode::Denied => Answer::Denied,
            OciErrorCode::Toomanyrequests => Answer::RateLimited(first.message.clone()),
            _ => Answer::Other,
        }
    }

    fn of_status(code: u16, message: &str) -> Answer {
        match code {
            401 | 403 => Answer::Denied,
            404 => Answer::NotFound,
            429 => Answer::RateLimited(message.to_owned()),
            _ => Answer::Other,
        }
    }
}
