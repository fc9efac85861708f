//! What goes wrong between us and an engine, in the words of the engine.

use bollard::errors::Error as ApiError;

/// A call to an engine that failed, or an engine that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address in `--host`, `WHARF_HOST` or `DOCKER_HOST` is of no kind that is known.
    #[error("engine address {address:?} is not understood: use unix:///path/to/socket or tcp://host:port")]
    Address {
        /// The address as given.
        address: String,
    },
    /// Nobody answers at the address.
    #[error("no engine answers at {address}: {reason}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// Why the connection failed.
        reason: String,
    },
    /// The built-in engine could not be started.
    #[error("cannot start the built-in engine: {0}")]
    Start(String),
    /// The engine is older than what Wharf speaks.
    #[error("the engine at {address} speaks API {offered} at most; at least {needed} is needed")]
    TooOld {
        /// Where the engine is.
        address: String,
        /// Its newest API version.
        offered: String,
        /// The oldest one that is enough.
        needed: String,
    },
    /// An answer could not be had, or is not what was expected.
    #[error("cannot read {path} from the engine: {reason}")]
    Read {
        /// What was asked for.
        path: String,
        /// Why.
        reason: String,
    },
    /// The engine refused or failed a call.
    #[error("{operation}: {message}")]
    Call {
        /// What was asked, with its object ("create network app_default").
        operation: String,
        /// The engine's own words.
        message: String,
        /// HTTP status, 0 when there was no answer.
        status: u16,
    },
}

impl EngineError {
    /// Names the operation that a failed call belonged to.
    pub fn call(operation: impl Into<String>, error: &ApiError) -> EngineError {
        EngineError::Call {
            operation: operation.into(),
            message: server_message(error),
            status: status_of(error),
        }
    }
}

/// The engine's own message where it answered, else the transport's.
pub fn server_message(error: &ApiError) -> String {
    match error {
        ApiError::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        ApiError::DockerStreamError { error } => error.trim().to_owned(),
        other => with_causes(other),
    }
}

/// An error and what caused it, as far as it does not say that itself.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn status_of(error: &ApiError) -> u16 {
    match error {
        ApiError::DockerResponseServerError { status_code, .. } => *status_code,
        _ => 0,
    }
}

/// The object does not exist (HTTP 404).
pub fn is_not_found(error: &ApiError) -> bool {
    status_of(error) == 404
}

/// The object is in the state already (HTTP 304).
pub fn is_not_modified(error: &ApiError) -> bool {
    status_of(error) == 304
}

/// The object is in use or its name is taken (HTTP 409).
pub fn is_conflict(error: &ApiError) -> bool {
    status_of(error) == 409
}
