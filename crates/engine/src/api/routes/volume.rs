//! `/volumes`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::Engine;
use crate::api::error::ApiResult;
use crate::api::request::{OptionalJson, Params};
use crate::model::volume::{Volume, VolumeCreate, VolumeList, VolumesPruned};

/// `GET /volumes`.
pub async fn list(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<VolumeList>> {
    let filters = params.filters()?;
    params.finish()?;
    Ok(Json(engine.volumes.list(filters).await?))
}

/// `POST /volumes/create`; without a body the volume gets a made-up name.
pub async fn create(
    State(engine): State<Engine>,
    OptionalJson(body): OptionalJson<VolumeCreate>,
) -> ApiResult<(StatusCode, Json<Volume>)> {
    let volume = engine.volumes.create(body.unwrap_or_default()).await?;
    Ok((StatusCode::CREATED, Json(volume)))
}

/// `GET /volumes/{name}`.
pub async fn inspect(State(engine): State<Engine>, Path(name): Path<String>) -> ApiResult<Json<Volume>> {
    Ok(Json(engine.volumes.inspect(&name).await?))
}

/// `DELETE /volumes/{name}`.
pub async fn remove(
    State(engine): State<Engine>,
    Path(name): Path<String>,
    mut params: Params,
) -> ApiResult<StatusCode> {
    let force = params.flag("force");
    params.finish()?;
    engine.volumes.remove(&name, force).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /volumes/prune`.
pub async fn prune(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<VolumesPruned>> {
    let filters = params.filters()?;
    params.finish()?;
    Ok(Json(engine.volumes.prune(filters).await?))
}
