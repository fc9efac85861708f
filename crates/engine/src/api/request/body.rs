//! Request bodies: one JSON value, or bytes that stream.

use std::io;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use crate::api::error::{ApiError, ApiResult};
use crate::io::ByteStream;
use crate::model::json::decode;

/// The longest JSON body that is read, in bytes.
const JSON_LIMIT: usize = 8 << 20;

/// A JSON body that must be there.
pub struct JsonBody<T>(pub T);

/// A JSON body that may be empty or `null`.
pub struct OptionalJson<T>(pub Option<T>);

/// A body of any length, not read yet. It says of itself nothing about its content.
pub struct ByteBody(pub ByteStream);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        match OptionalJson::from_request(request, state).await? {
            OptionalJson(Some(value)) => Ok(JsonBody(value)),
            OptionalJson(None) => {
                Err(ApiError::bad_request("invalid JSON: got EOF while reading request body"))
            }
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> ApiResult<Self> {
        let bytes = to_bytes(request.into_body(), JSON_LIMIT)
            .await
            .map_err(|error| ApiError::bad_request(format!("cannot read the request body: {error}")))?;
        match bytes.trim_ascii() {
            b"" | b"null" => Ok(OptionalJson(None)),
            text => decode(text)
                .map(|value| OptionalJson(Some(value)))
                .map_err(|error| ApiError::bad_request(format!("invalid JSON: {error}"))),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for ByteBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> ApiResult<Self> {
        Ok(ByteBody(bytes_of(request.into_body())))
    }
}

fn bytes_of(body: Body) -> ByteStream {
    body.into_data_stream().map_err(io::Error::other).boxed()
}
