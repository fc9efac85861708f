//! Bodies that grow: JSON values one after the other, a JSON value that comes later, tar archives.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::Serialize;

use crate::io::{ByteStream, ProgressStream};

const JSON: &str = "application/json";

/// One JSON value per line, as `events` and `stats` answer.
pub fn json_lines<T: Serialize + 'static>(values: impl Stream<Item = T> + Send + 'static) -> Response {
    let lines = values.map(|value| Ok::<_, Infallible>(line(&value, "\n")));
    streamed(JSON, Body::from_stream(lines))
}

/// Progress messages; their lines end like those of Docker's own encoder.
pub fn progress(messages: ProgressStream) -> Response {
    let lines = messages.map(|message| Ok::<_, Infallible>(line(&message, "\r\n")));
    streamed(JSON, Body::from_stream(lines))
}

/// One JSON value that is computed after the headers are sent.
pub fn json_later<T: Serialize>(value: impl Future<Output = T> + Send + 'static) -> Response {
    let body = futures::stream::once(async move { Ok::<_, Infallible>(line(&value.await, "\n")) });
    streamed(JSON, Body::from_stream(body))
}

/// A tar archive.
pub fn tar(archive: ByteStream) -> Response {
    streamed("application/x-tar", Body::from_stream(archive))
}

fn streamed(media_type: &'static str, body: Body) -> Response {
    ([(header::CONTENT_TYPE, media_type)], body).into_response()
}

fn line<T: Serialize>(value: &T, end: &str) -> Bytes {
    // Only a map with keys that are not text, or a failing Serialize, could break this; no answer type has either.
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.extend_from_slice(end.as_bytes());
    Bytes::from(text)
}
