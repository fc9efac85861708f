//! Files of a container as tar streams: `archive` (what `docker cp` uses) and `export`.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{ByteBody, Params};
use crate::api::stream::tar;
use crate::container::ArchivePut;
use crate::model::summary::PathStat;

/// `HEAD /containers/{id}/archive`: what the path is, in a header.
pub async fn stat(State(engine): State<Engine>, Path(id): Path<String>, params: Params) -> ApiResult {
    let stat = engine.containers.archive_stat(&id, &only_path(params)?).await?;
    Ok(with_stat(StatusCode::OK.into_response(), &stat))
}

/// `GET /containers/{id}/archive`.
pub async fn read(State(engine): State<Engine>, Path(id): Path<String>, params: Params) -> ApiResult {
    let (stat, archive) = engine.containers.archive_get(&id, &only_path(params)?).await?;
    Ok(with_stat(tar(archive), &stat))
}

/// `PUT /containers/{id}/archive`.
pub async fn write(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
    ByteBody(archive): ByteBody,
) -> ApiResult<StatusCode> {
    let request = ArchivePut {
        path: path(&mut params)?,
        no_overwrite_dir_non_dir: params.flag("noOverwriteDirNonDir"),
        copy_uid_gid: params.flag("copyUIDGID"),
    };
    params.finish()?;
    engine.containers.archive_put(&id, request, archive).await?;
    Ok(StatusCode::OK)
}

/// `GET /containers/{id}/export`.
pub async fn export(State(engine): State<Engine>, Path(id): Path<String>) -> ApiResult {
    let mut response = tar(engine.containers.export(&id).await?);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/octet-stream"));
    Ok(response)
}

fn only_path(mut params: Params) -> ApiResult<String> {
    let path = path(&mut params)?;
    params.finish()?;
    Ok(path)
}

fn path(params: &mut Params) -> ApiResult<String> {
    params.text("path").ok_or_else(|| ApiError::bad_request("missing query parameter \"path\""))
}

fn with_stat(mut response: Response, stat: &PathStat) -> Response {
    let json = serde_json::to_vec(stat).unwrap_or_default();
    if let Ok(value) = HeaderValue::from_str(&STANDARD.encode(json)) {
        response.headers_mut().insert("x-docker-container-path-stat", value);
    }
    response
}
