//! `/_ping`, `/version`, `/info`, `/system/df`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::Params;
use crate::model::system::{DiskUsage, Info, Version};

/// `GET` and `HEAD /_ping`. `Builder-Version: 1` tells the `docker` client that builds are classic ones here.
pub async fn ping() -> Response {
    let headers = [
        ("builder-version", "1"),
        ("swarm", "inactive"),
        ("cache-control", "no-cache, no-store, must-revalidate"),
        ("pragma", "no-cache"),
    ];
    (headers, "OK").into_response()
}

/// `GET /version`.
pub async fn version(State(engine): State<Engine>) -> ApiResult<Json<Version>> {
    Ok(Json(engine.system.version().await?))
}

/// `GET /info`.
pub async fn info(State(engine): State<Engine>) -> ApiResult<Json<Info>> {
    Ok(Json(engine.system.info().await?))
}

/// `GET /system/df`; `type` chooses parts, which then are the only ones not empty.
pub async fn disk_usage(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<DiskUsage>> {
    let types = params.list("type");
    params.finish()?;
    check_types(&types)?;
    Ok(Json(select(engine.system.disk_usage().await?, &types)))
}

fn check_types(types: &[String]) -> ApiResult<()> {
    let known = ["container", "image", "volume", "build-cache"];
    match types.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(ApiError::bad_request(format!("unknown object type: {name}"))),
        None => Ok(()),
    }
}

fn select(mut usage: DiskUsage, types: &[String]) -> DiskUsage {
    let wanted = |name: &str| types.is_empty() || types.iter().any(|kind| kind == name);
    if !wanted("image") {
        usage.images.clear();
        usage.layers_size = 0;
    }
    if !wanted("container") {
        usage.containers.clear();
    }
    if !wanted("volume") {
        usage.volumes.clear();
    }
    if !wanted("build-cache") {
        usage.build_cache.clear();
    }
    usage
}
