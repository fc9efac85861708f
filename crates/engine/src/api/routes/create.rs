//! `/containers/create` and `/commit`: making things from a configuration.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{JsonBody, OptionalJson, Params};
use crate::container::{CommitRequest, CreateRequest};
use crate::error::{Error, ErrorKind};
use crate::model::config::{Config, CreateBody, Created};

/// `POST /containers/create`.
pub async fn create(
    State(engine): State<Engine>,
    mut params: Params,
    JsonBody(body): JsonBody<CreateBody>,
) -> ApiResult<(StatusCode, Json<Created>)> {
    let request = CreateRequest { name: params.text("name"), platform: params.text("platform"), body };
    params.finish()?;
    let created = engine.containers.create(request).await.map_err(create_error)?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Clients take a 404 from here for a missing image (or one for another platform), pull it and try again; so nothing else may be one.
fn create_error(error: Error) -> ApiError {
    match error {
        Error::NoSuchImage(_) | Error::NotFound(_) => error.into(),
        other if other.kind() == ErrorKind::NotFound => ApiError::bad_request(other.message()),
        other => other.into(),
    }
}

/// `POST /commit`. A configuration in the body goes before the container's.
pub async fn commit(
    State(engine): State<Engine>,
    mut params: Params,
    OptionalJson(config): OptionalJson<Config>,
) -> ApiResult<Response> {
    let request = CommitRequest {
        container: params.text("container").unwrap_or_default(),
        repository: params.text("repo").unwrap_or_default(),
        tag: params.text("tag").unwrap_or_default(),
        comment: params.text("comment").unwrap_or_default(),
        author: params.text("author").unwrap_or_default(),
        pause: params.flag_or_true("pause"),
        changes: params.list("changes"),
        config,
    };
    params.finish()?;
    let id = engine.containers.commit(request).await?;
    Ok((StatusCode::CREATED, Json(json!({ "Id": id }))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_image_is_a_404() {
        let network = create_error(Error::NoSuchNetwork("back".to_owned()));
        assert_eq!(network, ApiError::bad_request("network back not found"));
        let image = create_error(Error::NoSuchImage("none".to_owned()));
        assert_eq!(image, ApiError::new(StatusCode::NOT_FOUND, "No such image: none"));
    }
}
