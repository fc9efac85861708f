//! The connection to an engine.

use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::sync::OnceCell;

use super::{ApiVersion, EngineError, Target, server_message};
use crate::project::attributes::EngineKind;

/// Longest time for the head of an answer, in seconds: a stop call answers only after the grace period.
const ANSWER_TIMEOUT: u64 = 24 * 60 * 60;

/// An engine that answers.
#[derive(Debug)]
pub struct Engine {
    docker: Docker,
    target: Target,
    version: ApiVersion,
    built_in: OnceCell<bool>,
}

impl Engine {
    /// The client; its requests carry the negotiated API version.
    pub fn docker(&self) -> &Docker {
        &self.docker
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The API version spoken with it.
    pub fn version(&self) -> ApiVersion {
        self.version
    }

    /// Whether it is a Wharf engine: it understands `dev.wharf.*` labels and reads build contexts in place.
    ///
    /// # Errors
    /// `/info` cannot be read.
    pub async fn is_wharf(&self) -> Result<bool, EngineError> {
        let ask = || async {
            let info =
                self.docker.info().await.map_err(|e| EngineError::call("read the engine's info", &e))?;
            let labels = info.labels.unwrap_or_default();
            Ok(labels.iter().any(|label| label == "dev.wharf.engine=1"))
        };
        self.built_in.get_or_try_init(ask).await.copied()
    }

    /// Which kind of engine it is, for the table of attributes.
    ///
    /// # Errors
    /// `/info` cannot be read.
    pub async fn kind(&self) -> Result<EngineKind, EngineError> {
        let docker = EngineKind::Docker { api: self.version.numbers() };
        Ok(if self.is_wharf().await? { EngineKind::BuiltIn } else { docker })
    }
}

/// Connects; starts the built-in engine when it does not run.
///
/// # Errors
/// The address is of no known kind, nobody answers there, or the built-in engine cannot be started.
pub async fn connect(target: Target) -> Result<Engine, EngineError> {
    match &target {
        Target::BuiltIn(paths) => {
            wharf_engine::ensure_running(paths).await.map_err(|e| EngineError::Start(e.to_string()))?;
            let docker = open(&target.address())?;
            Ok(engine(docker, target, ApiVersion::SPOKEN, Some(true)))
        }
        Target::Address(address) => {
            let docker = open(address)?;
            let version = negotiate(&docker, address).await?;
            Ok(engine(docker, target, version, None))
        }
    }
}

/// Connects to an engine that runs; `None` where the built-in one does not, which is then not started.
///
/// # Errors
/// As [`connect`].
pub async fn connect_running(target: Target) -> Result<Option<Engine>, EngineError> {
    if let Target::BuiltIn(paths) = &target {
        let status = wharf_engine::status(paths).await;
        if status.map_err(|error| EngineError::Start(error.to_string()))?.is_none() {
            return Ok(None);
        }
    }
    connect(target).await.map(Some)
}

fn engine(docker: Docker, target: Target, version: ApiVersion, built_in: Option<bool>) -> Engine {
    let docker = docker.with_request_modifier(move |mut request| {
        *request.uri_mut() = version.prefix(request.uri());
        request
    });
    Engine { docker, target, version, built_in: OnceCell::new_with(built_in) }
}

fn open(address: &str) -> Result<Docker, EngineError> {
    let client = if address.starts_with("unix://") || address.starts_with('/') {
        Docker::connect_with_unix(address, ANSWER_TIMEOUT, API_DEFAULT_VERSION)
    } else if address.starts_with("tcp://") || address.starts_with("http://") {
        Docker::connect_with_http(address, ANSWER_TIMEOUT, API_DEFAULT_VERSION)
    } else {
        return Err(EngineError::Address { address: address.to_owned() });
    };
    client.map_err(|error| unreachable(address, &error))
}

async fn negotiate(docker: &Docker, address: &str) -> Result<ApiVersion, EngineError> {
    let answer = docker.version().await.map_err(|error| unreachable(address, &error))?;
    let offered = answer.api_version.unwrap_or_default();
    let newest = ApiVersion::parse(&offered).unwrap_or(ApiVersion::OLDEST);
    if newest < ApiVersion::OLDEST {
        let needed = ApiVersion::OLDEST.to_string();
        return Err(EngineError::TooOld { address: address.to_owned(), offered, needed });
    }
    Ok(newest.min(ApiVersion::SPOKEN))
}

fn unreachable(address: &str, error: &bollard::errors::Error) -> EngineError {
    EngineError::Unreachable { address: address.to_owned(), reason: server_message(error) }
}
