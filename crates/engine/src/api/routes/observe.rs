//! Looking into a container: `top`, `stats`, `changes`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;

use crate::Engine;
use crate::api::error::ApiResult;
use crate::api::request::Params;
use crate::api::stream::json_lines;
use crate::model::summary::{Change, Top};

/// `GET /containers/{id}/top`.
pub async fn top(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
) -> ApiResult<Json<Top>> {
    let arguments = params.text("ps_args").unwrap_or_default();
    params.finish()?;
    Ok(Json(engine.containers.top(&id, &arguments).await?))
}

/// `GET /containers/{id}/stats`: a sample every second, or one.
pub async fn stats(State(engine): State<Engine>, Path(id): Path<String>, mut params: Params) -> ApiResult {
    let stream = params.flag_or_true("stream");
    let one_shot = params.flag("one-shot");
    params.finish()?;
    if stream {
        return Ok(json_lines(engine.containers.stats(&id).await?));
    }
    Ok(Json(engine.containers.stats_once(&id, one_shot).await?).into_response())
}

/// `GET /containers/{id}/changes`; no change is `null`, as clients know it.
pub async fn changes(
    State(engine): State<Engine>,
    Path(id): Path<String>,
) -> ApiResult<Json<Option<Vec<Change>>>> {
    let changes = engine.containers.changes(&id).await?;
    Ok(Json(Some(changes).filter(|changes| !changes.is_empty())))
}
