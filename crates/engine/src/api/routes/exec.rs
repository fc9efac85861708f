//! `/exec`: additional processes in running containers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::attach::tty_size;
use crate::Engine;
use crate::api::error::ApiResult;
use crate::api::request::{JsonBody, OptionalJson, Params};
use crate::api::stream::{DetachKeys, Hijack};
use crate::error::Error;
use crate::io::{Attached, Output, StdStream};
use crate::model::exec::{ExecConfig, ExecInspect, ExecStart};

/// `POST /containers/{id}/exec`.
pub async fn create(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    JsonBody(config): JsonBody<ExecConfig>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    DetachKeys::parse(&config.detach_keys)?;
    let exec = engine.execs.create(&id, config).await?;
    Ok((StatusCode::CREATED, Json(json!({ "Id": exec }))))
}

/// `POST /exec/{id}/start`.
pub async fn start(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    hijack: Hijack,
    OptionalJson(start): OptionalJson<ExecStart>,
) -> ApiResult {
    let start = start.unwrap_or_default();
    let keys = DetachKeys::parse(&engine.execs.inspect(&id).await?.detach_keys)?;
    let (detach, tty) = (start.detach, start.tty);
    match engine.execs.start(&id, start).await {
        Ok(Some(attached)) => hijack.connect(attached, keys),
        Ok(None) => Ok(StatusCode::OK.into_response()),
        Err(error @ Error::Start { .. }) if !detach => hijack.connect(failed_start(&error, tty), keys),
        Err(error) => Err(error.into()),
    }
}

/// A command that cannot be executed is reported as output: the client then asks for the exit code (126 or 127) and takes it
/// for its own, which it would not do after an error status.
fn failed_start(error: &Error, tty: bool) -> Attached {
    let data = Bytes::from(format!("{}\r\n", error.message()));
    let output = stream::iter([Ok(Output { stream: StdStream::Stdout, data })]).boxed();
    Attached { tty, input: None, output }
}

/// `POST /exec/{id}/resize`.
pub async fn resize(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<StatusCode> {
    engine.execs.resize(&id, tty_size(params)?).await?;
    Ok(StatusCode::OK)
}

/// `GET /exec/{id}/json`.
pub async fn inspect(State(engine): State<Engine>, Path(id): Path<String>) -> ApiResult<Json<ExecInspect>> {
    Ok(Json(engine.execs.inspect(&id).await?))
}
