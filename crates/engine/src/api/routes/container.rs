//! `/containers`: list, inspect, and the calls that change a container's state.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use futures::FutureExt;
use serde_json::Value;

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{JsonBody, OptionalJson, Params};
use crate::api::stream::json_later;
use crate::container::{ListOptions, RemoveOptions, StopOptions, WaitCondition};
use crate::error::Error;
use crate::model::host_config::{UpdateBody, Updated};
use crate::model::inspect::ContainerInspect;
use crate::model::summary::{ContainerSummary, ContainersPruned, WaitError, WaitResult};

const DONE: StatusCode = StatusCode::NO_CONTENT;

/// `GET /containers/json`.
pub async fn list(
    State(engine): State<Engine>,
    mut params: Params,
) -> ApiResult<Json<Vec<ContainerSummary>>> {
    let options = ListOptions {
        all: params.flag("all"),
        limit: params
            .number::<i64>("limit")?
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|n| *n > 0),
        size: params.flag("size"),
        filters: params.filters()?,
    };
    params.finish()?;
    Ok(Json(engine.containers.list(options).await?))
}

/// `GET /containers/{id}/json`.
pub async fn inspect(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
) -> ApiResult<Json<ContainerInspect>> {
    let size = params.flag("size");
    params.finish()?;
    Ok(Json(engine.containers.inspect(&id, size).await?))
}

/// `POST /containers/{id}/start`.
pub async fn start(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
    OptionalJson(body): OptionalJson<Value>,
) -> ApiResult<StatusCode> {
    // They apply to the terminal of a later attach, which brings its own.
    params.ignore(&["detachKeys"]);
    params.finish()?;
    if body.is_some_and(|body| body.as_object().is_none_or(|members| !members.is_empty())) {
        return Err(ApiError::bad_request(
            "starting a container with a configuration in the body is not supported since API v1.24",
        ));
    }
    engine.containers.start(&id).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/stop`.
pub async fn stop(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<StatusCode> {
    engine.containers.stop(&id, stop_options(params)?).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/restart`.
pub async fn restart(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<StatusCode> {
    engine.containers.restart(&id, stop_options(params)?).await?;
    Ok(DONE)
}

fn stop_options(mut params: Params) -> ApiResult<StopOptions> {
    let options = StopOptions { signal: params.text("signal"), timeout: params.number("t")? };
    params.finish()?;
    Ok(options)
}

/// `POST /containers/{id}/kill`.
pub async fn kill(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
) -> ApiResult<StatusCode> {
    let signal = params.text("signal");
    params.finish()?;
    engine.containers.kill(&id, signal.as_deref()).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/wait`. The headers go out at once: clients start the container only after they came.
pub async fn wait(State(engine): State<Engine>, Path(id): Path<String>, mut params: Params) -> ApiResult {
    let condition = wait_condition(params.text("condition").as_deref())?;
    params.finish()?;
    let waiting = engine.containers.wait(&id, condition).await?;
    Ok(json_later(waiting.map(|result| result.unwrap_or_else(failed_wait))))
}

fn wait_condition(text: Option<&str>) -> ApiResult<WaitCondition> {
    match text {
        None | Some("not-running") => Ok(WaitCondition::NotRunning),
        Some("next-exit") => Ok(WaitCondition::NextExit),
        Some("removed") => Ok(WaitCondition::Removed),
        Some(other) => Err(ApiError::bad_request(format!("invalid condition: {other:?}"))),
    }
}

/// The status line is already sent, so the error travels in the answer.
fn failed_wait(error: Error) -> WaitResult {
    WaitResult { status_code: -1, error: Some(WaitError { message: error.message() }) }
}

/// `DELETE /containers/{id}`.
pub async fn remove(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
) -> ApiResult<StatusCode> {
    let options = RemoveOptions { force: params.flag("force"), volumes: params.flag("v") };
    params.finish()?;
    engine.containers.remove(&id, options).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/rename`.
pub async fn rename(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
) -> ApiResult<StatusCode> {
    let name = params.text("name").unwrap_or_default();
    params.finish()?;
    engine.containers.rename(&id, &name).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/pause`.
pub async fn pause(State(engine): State<Engine>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    engine.containers.pause(&id).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/unpause`.
pub async fn unpause(State(engine): State<Engine>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    engine.containers.unpause(&id).await?;
    Ok(DONE)
}

/// `POST /containers/{id}/update`.
pub async fn update(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<UpdateBody>,
) -> ApiResult<Json<Updated>> {
    Ok(Json(engine.containers.update(&id, body).await?))
}

/// `POST /containers/prune`.
pub async fn prune(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<ContainersPruned>> {
    let filters = params.filters()?;
    params.finish()?;
    Ok(Json(engine.containers.prune(filters).await?))
}
