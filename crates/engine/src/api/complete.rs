//! A change that was begun is finished, even when the client that asked for it is gone: hyper drops a handler with its
//! connection, and half a removal would leave a name or an address taken.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// Runs handlers that change something on a task of their own. Streams that an answer carries still end with the client.
pub(super) async fn complete(request: Request, next: Next) -> Response {
    if *request.method() == Method::GET || *request.method() == Method::HEAD {
        return next.run(request).await;
    }
    let finished = tokio::spawn(next.run(request)).await;
    finished.unwrap_or_else(|error| {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the request failed: {error}"))
            .into_response()
    })
}
