//! The few questions that commands ask the engine to find out whether it is there.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::UnixStream;

use crate::paths::EnginePaths;

/// An engine that needs longer than this is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024 * 1024;

/// Whether the engine answers.
pub async fn answers(paths: &EnginePaths) -> bool {
    get(paths, "/_ping").await.is_some_and(|body| body == "OK")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Running {
    names: Vec<String>,
}

/// Names of running containers, sorted; `None` when the engine does not answer.
pub async fn running(paths: &EnginePaths) -> Option<Vec<String>> {
    let containers: Vec<Running> = serde_json::from_slice(&get(paths, "/containers/json").await?).ok()?;
    let names = containers.into_iter().filter_map(|container| container.names.into_iter().next());
    let mut names: Vec<String> = names.map(|name| name.trim_start_matches('/').to_owned()).collect();
    names.sort();
    Some(names)
}

async fn get(paths: &EnginePaths, path: &str) -> Option<Bytes> {
    tokio::time::timeout(PATIENCE, request(paths, path)).await.ok()?
}

async fn request(paths: &EnginePaths, path: &str) -> Option<Bytes> {
    let stream = UnixStream::connect(paths.socket()).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get(path).header("Host", "wharf").body(Empty::<Bytes>::new()).ok()?;
    let answer = async {
        let response = sender.send_request(request).await.ok()?;
        let success = response.status().is_success();
        let body = Limited::new(response.into_body(), LONGEST).collect().await.ok()?.to_bytes();
        success.then_some(body)
    };
    // The connection has to be driven while the answer is read; it ends with it.
    tokio::select! {
        answer = answer => answer,
        _ = connection => None,
    }
}
