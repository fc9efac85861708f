//! Images in and out: pull, import, push, save, load.

use axum::extract::State;
use axum::http::HeaderMap;

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{ByteBody, Params, registry_auth};
use crate::api::stream::{progress, tar};
use crate::image::{ImportRequest, PullRequest};
use crate::io::ByteStream;

/// `POST /images/create`: a pull with `fromImage`, an import with `fromSrc`.
pub async fn create(
    State(engine): State<Engine>,
    mut params: Params,
    headers: HeaderMap,
    ByteBody(body): ByteBody,
) -> ApiResult {
    match (params.text("fromImage"), params.text("fromSrc")) {
        (Some(image), None) => pull(&engine, image, params, &headers).await,
        (None, Some(source)) => import(&engine, &source, params, body).await,
        _ => Err(ApiError::bad_request("either \"fromImage\" or \"fromSrc\" must be given")),
    }
}

async fn pull(engine: &Engine, image: String, mut params: Params, headers: &HeaderMap) -> ApiResult {
    let request = PullRequest {
        image,
        tag: params.text("tag"),
        platform: params.text("platform"),
        auth: registry_auth(headers),
    };
    params.finish()?;
    Ok(progress(engine.images.pull(request).await?))
}

async fn import(engine: &Engine, source: &str, mut params: Params, body: ByteStream) -> ApiResult {
    if source != "-" {
        return Err(ApiError::not_implemented(format!(
            "importing from {source:?} is not supported: send the archive as the body, with fromSrc=-"
        )));
    }
    let request = ImportRequest {
        repository: params.text("repo").unwrap_or_default(),
        tag: params.text("tag").unwrap_or_default(),
        message: params.text("message").unwrap_or_default(),
        platform: params.text("platform"),
        changes: params.list("changes"),
    };
    params.finish()?;
    Ok(progress(engine.images.import(request, body).await?))
}

/// `POST /images/{name}/push`.
pub async fn push(engine: &Engine, name: &str, mut params: Params, headers: &HeaderMap) -> ApiResult {
    let tag = params.text("tag");
    params.finish()?;
    Ok(progress(engine.images.push(name, tag.as_deref(), registry_auth(headers)).await?))
}

/// `GET /images/{name}/get`.
pub async fn save_one(engine: &Engine, name: &str, params: Params) -> ApiResult {
    params.finish()?;
    Ok(tar(engine.images.save(vec![name.to_owned()]).await?))
}

/// `GET /images/get`.
pub async fn save_several(State(engine): State<Engine>, mut params: Params) -> ApiResult {
    let names = params.list("names");
    params.finish()?;
    if names.is_empty() {
        return Err(ApiError::bad_request("no image names given"));
    }
    Ok(tar(engine.images.save(names).await?))
}

/// `POST /images/load`.
pub async fn load(State(engine): State<Engine>, mut params: Params, ByteBody(body): ByteBody) -> ApiResult {
    let quiet = params.flag("quiet");
    params.finish()?;
    Ok(progress(engine.images.load(body, quiet).await?))
}
