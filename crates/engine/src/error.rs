//! Errors of the engine and the kind that decides the HTTP status.
//!
//! Texts that clients parse are Docker's. An error names what failed and on what; its cause is its source.

use std::io;
use std::path::{Path, PathBuf};

use wharf_network::{NetworkError, PortError};

/// What a caller can do about an error; each kind is one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// 304: the object is already in the wanted state.
    NotModified,
    /// 400: the request is wrong.
    BadParameter,
    /// 403: the object is predefined or otherwise protected.
    Forbidden,
    /// 404.
    NotFound,
    /// 409: the object is in a state or in use so that it cannot be done now.
    Conflict,
    /// 500.
    Internal,
    /// 501: this engine does not do that.
    NotImplemented,
    /// 503: a part outside this engine cannot be reached.
    Unavailable,
}

/// The result of every engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No container has this id, name or unique id prefix.
    #[error("No such container: {0}")]
    NoSuchContainer(String),
    /// No exec has this id.
    #[error("No such exec instance: {0}")]
    NoSuchExec(String),
    /// No image has this reference or id.
    #[error("No such image: {0}")]
    NoSuchImage(String),
    /// No network has this id, name or unique id prefix.
    #[error("network {0} not found")]
    NoSuchNetwork(String),
    /// No volume has this name.
    #[error("get {0}: no such volume")]
    NoSuchVolume(String),
    /// Several objects begin with this id prefix.
    #[error("multiple IDs found with provided prefix: {0}")]
    AmbiguousPrefix(String),
    /// The container does not run.
    #[error("container {0} is not running")]
    NotRunning(String),
    /// Something else that does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The request cannot be understood or asks for the impossible.
    #[error("{0}")]
    BadParameter(String),
    /// The object's state or use forbids it.
    #[error("{0}")]
    Conflict(String),
    /// The object is protected.
    #[error("{0}")]
    Forbidden(String),
    /// Already so.
    #[error("{0}")]
    NotModified(String),
    /// This engine does not do that.
    #[error("{0}")]
    NotImplemented(String),
    /// Something outside cannot be reached now.
    #[error("{0}")]
    Unavailable(String),
    /// A container could not be started; the text is what `docker run` shows.
    #[error("{message}")]
    Start {
        /// Docker's text.
        message: String,
        /// The exit code that the container's state shows (contract 1.11.5).
        exit_code: i32,
    },
    /// A file operation failed.
    #[error("cannot {action} {path}")]
    Io {
        /// A verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A state file cannot be used.
    #[error("state file {path} is damaged")]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A network refused.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A port could not be published.
    #[error("driver failed programming external connectivity on endpoint {container}")]
    Port {
        /// The container's name.
        container: String,
        /// Why: with the texts that tools look for (contract 3.5.4).
        #[source]
        source: Box<PortError>,
    },
    /// The image store failed.
    #[error("the image store failed")]
    Image(#[source] Box<wharf_image::store::StoreError>),
    /// Something inside this engine broke.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The kind, which the HTTP face turns into a status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::NoSuchContainer(_)
            | Error::NoSuchExec(_)
            | Error::NoSuchImage(_)
            | Error::NoSuchNetwork(_)
            | Error::NoSuchVolume(_)
            | Error::NotFound(_) => ErrorKind::NotFound,
            Error::BadParameter(_) | Error::AmbiguousPrefix(_) => ErrorKind::BadParameter,
            Error::Conflict(_) | Error::NotRunning(_) => ErrorKind::Conflict,
            Error::Forbidden(_) => ErrorKind::Forbidden,
            Error::NotModified(_) => ErrorKind::NotModified,
            Error::NotImplemented(_) => ErrorKind::NotImplemented,
            Error::Unavailable(_) => ErrorKind::Unavailable,
            Error::Start { exit_code, .. } => start_kind(*exit_code),
            Error::Network(error) => network_kind(error),
            Error::Port { .. }
            | Error::Io { .. }
            | Error::State { .. }
            | Error::Image(_)
            | Error::Internal(_) => ErrorKind::Internal,
        }
    }

    /// The error and its causes in one line, as the API answers it.
    pub fn message(&self) -> String {
        chain(self)
    }

    /// For `map_err` on file operations.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// As Docker's statuses.
fn network_kind(error: &NetworkError) -> ErrorKind {
    match error {
        NetworkError::NotFound(_) => ErrorKind::NotFound,
        NetworkError::NameTaken(_) => ErrorKind::Conflict,
        NetworkError::Invalid { .. } | NetworkError::AddressOutside { .. } => ErrorKind::BadParameter,
        NetworkError::Kernel { .. } | NetworkError::State { .. } => ErrorKind::Internal,
        NetworkError::Predefined(_)
        | NetworkError::ActiveEndpoints { .. }
        | NetworkError::PoolsExhausted
        | NetworkError::PoolOverlap { .. }
        | NetworkError::AddressInUse { .. }
        | NetworkError::AddressesExhausted { .. }
        | NetworkError::NotConnected { .. }
        | NetworkError::AlreadyConnected { .. } => ErrorKind::Forbidden,
    }
}

/// A command that is not there or cannot be executed is the caller's mistake (contract 1.11.5).
fn start_kind(exit_code: i32) -> ErrorKind {
    match exit_code {
        126 | 127 => ErrorKind::BadParameter,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_holds_the_chain_once() {
        let error = Error::io("open", "/x")(io::Error::other("disk on fire"));
        assert_eq!(error.message(), "cannot open /x: disk on fire");
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}
