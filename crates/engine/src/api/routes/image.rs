//! `/images` and `/distribution`: list, inspect, history, names, removal. Moving images in and out is in `image_transfer`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;

use super::image_transfer::{push, save_one};
use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{Params, registry_auth};
use crate::model::image::{ImageDeleted, ImageSummary, ImagesPruned};

/// `GET /images/json`.
pub async fn list(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<Vec<ImageSummary>>> {
    let filters = params.filters()?;
    let shared_size = params.flag("shared-size");
    // There are no intermediate images, and digests are always in the answer.
    params.ignore(&["all", "digests"]);
    params.finish()?;
    Ok(Json(engine.images.list(filters, shared_size).await?))
}

/// `GET /images/{name}/json|history|get`.
pub async fn get(State(engine): State<Engine>, Path(rest): Path<String>, params: Params) -> ApiResult {
    match rest.rsplit_once('/') {
        Some((name, "json")) => inspect(&engine, name, params).await,
        Some((name, "history")) => history(&engine, name, params).await,
        Some((name, "get")) => save_one(&engine, name, params).await,
        _ => Err(no_route()),
    }
}

/// `POST /images/{name}/tag|push`.
pub async fn post(
    State(engine): State<Engine>,
    Path(rest): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> ApiResult {
    match rest.rsplit_once('/') {
        Some((name, "tag")) => tag(&engine, name, params).await,
        Some((name, "push")) => push(&engine, name, params, &headers).await,
        _ => Err(no_route()),
    }
}

/// `GET /distribution/{name}/json`.
pub async fn get_from_registry(
    State(engine): State<Engine>,
    Path(rest): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> ApiResult {
    params.finish()?;
    let Some((name, "json")) = rest.rsplit_once('/') else { return Err(no_route()) };
    let found = engine.images.inspect_in_registry(name, registry_auth(&headers)).await?;
    Ok(Json(found).into_response())
}

fn no_route() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "page not found")
}

async fn inspect(engine: &Engine, name: &str, params: Params) -> ApiResult {
    params.finish()?;
    Ok(Json(engine.images.inspect(name).await?).into_response())
}

async fn history(engine: &Engine, name: &str, params: Params) -> ApiResult {
    params.finish()?;
    Ok(Json(engine.images.history(name).await?).into_response())
}

async fn tag(engine: &Engine, name: &str, mut params: Params) -> ApiResult {
    let repository = params.text("repo").unwrap_or_default();
    let tag = params.text("tag").unwrap_or_default();
    params.finish()?;
    engine.images.tag(name, &repository, &tag).await?;
    Ok(StatusCode::CREATED.into_response())
}

/// `DELETE /images/{name}`.
pub async fn remove(
    State(engine): State<Engine>,
    Path(name): Path<String>,
    mut params: Params,
) -> ApiResult<Json<Vec<ImageDeleted>>> {
    let (force, no_prune) = (params.flag("force"), params.flag("noprune"));
    params.finish()?;
    Ok(Json(engine.images.remove(&name, force, no_prune).await?))
}

/// `POST /images/prune`.
pub async fn prune(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<ImagesPruned>> {
    let filters = params.filters()?;
    params.finish()?;
    Ok(Json(engine.images.prune(filters).await?))
}
