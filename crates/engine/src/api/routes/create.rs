//! `/containers/create` and `/commit`: making things from a configuration.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::request::{JsonBody, OptionalJson, Params};
use crate::container::{CommitRequest, CreateRequest};
use crate::model::config::{CreateBody, Created};

/// `POST /containers/create`.
pub async fn create(
    State(engine): State<Engine>,
    mut params: Params,
    JsonBody(body): JsonBody<CreateBody>,
) -> ApiResult<(StatusCode, Json<Created>)> {
    let request = CreateRequest { name: params.text("name"), platform: params.text("platform"), body };
    params.finish()?;
    Ok((StatusCode::CREATED, Json(engine.containers.create(request).await?)))
}

/// `POST /commit`. A configuration in the body would replace the container's; `changes` says the same and is supported.
pub async fn commit(
    State(engine): State<Engine>,
    mut params: Params,
    OptionalJson(body): OptionalJson<Value>,
) -> ApiResult<Response> {
    if body.is_some_and(|body| body != json!({})) {
        return Err(ApiError::not_implemented(
            "commit with a configuration in the body is not supported: use the query parameter \"changes\"",
        ));
    }
    let request = CommitRequest {
        container: params.text("container").unwrap_or_default(),
        repository: params.text("repo").unwrap_or_default(),
        tag: params.text("tag").unwrap_or_default(),
        comment: params.text("comment").unwrap_or_default(),
        author: params.text("author").unwrap_or_default(),
        pause: params.flag_or_true("pause"),
        changes: params.list("changes"),
    };
    params.finish()?;
    let id = engine.containers.commit(request).await?;
    Ok((StatusCode::CREATED, Json(json!({ "Id": id }))).into_response())
}
