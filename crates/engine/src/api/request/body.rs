//! Request bodies: one JSON value, or bytes that stream.

use std::future::ready;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::api::error::{ApiError, ApiResult};
use crate::io::ByteStream;
use crate::model::json::decode;

/// The longest JSON body that is read, in bytes.
const JSON_LIMIT: usize = 8 << 20;

/// How long a client may go on sending what nobody wants.
const DRAIN_TIME: Duration = Duration::from_secs(60);

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
    Upload(Some(body.into_data_stream().map_err(io::Error::other).boxed())).boxed()
}

/// A body that is read to its end even when nobody wants the rest: a client that is still sending when the connection closes reports
/// a broken pipe instead of the answer.
struct Upload(Option<ByteStream>);

impl Stream for Upload {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let polled = body.as_mut().poll_next(context);
        if !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            self.0 = None;
        }
        polled
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(timeout(DRAIN_TIME, rest.for_each(|_| ready(()))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn the_rest_of_an_upload_is_read() {
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(1);
        let body = futures::stream::unfold(receiver, |mut receiver| async {
            Some((receiver.recv().await?, receiver))
        });
        let mut upload = bytes_of(Body::from_stream(body));
        sender.send(Ok(Bytes::from_static(b"first"))).await.unwrap();
        assert_eq!(upload.next().await.unwrap().unwrap(), "first");
        drop(upload);
        for _ in 0..10 {
            sender.send(Ok(Bytes::from_static(b"more"))).await.unwrap();
        }
    }
}
