//! What happens to every request before it is routed and to every answer before it leaves.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::{ApiError, ApiResult};
use super::version::{API_VERSION, strip};

/// Bodies up to this many bytes are read before a handler runs.
const SMALL_BODY: u64 = 1 << 20;

/// Strips the version from the path, reads a small body, and adds the headers of every answer.
pub async fn prepare(request: Request, next: Next) -> Response {
    let mut response = match prepared(request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    add_headers(response.headers_mut());
    response
}

async fn prepared(request: Request) -> ApiResult<Request> {
    let (mut parts, body) = request.into_parts();
    let body = read_small(&parts.headers, body).await?;
    parts.uri = unversioned(&parts.uri)?;
    Ok(Request::from_parts(parts, body))
}

/// A handler that answers an error without reading the body makes hyper close the connection, and the `docker` client then
/// reports a broken pipe instead of the error. So bodies of known, small size are read here, once for all handlers.
async fn read_small(headers: &HeaderMap, body: Body) -> ApiResult<Body> {
    match content_length(headers) {
        Some(length) if length <= SMALL_BODY => {
            let limit = usize::try_from(SMALL_BODY).unwrap_or(usize::MAX);
            let bytes = to_bytes(body, limit).await.map_err(unreadable)?;
            Ok(Body::from(bytes))
        }
        _ => Ok(body),
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn unreadable(error: axum::Error) -> ApiError {
    ApiError::bad_request(format!("cannot read the request body: {error}"))
}

fn unversioned(uri: &Uri) -> ApiResult<Uri> {
    let path = strip(uri.path())?;
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let path_and_query = PathAndQuery::try_from(text)
        .map_err(|error| ApiError::bad_request(format!("invalid request path: {error}")))?;
    Ok(Uri::from(path_and_query))
}

fn add_headers(headers: &mut HeaderMap) {
    headers.insert("api-version", HeaderValue::from_static(API_VERSION));
    headers.insert("docker-experimental", HeaderValue::from_static("false"));
    headers.insert("ostype", HeaderValue::from_static("linux"));
    headers.insert(
        header::SERVER,
        HeaderValue::from_static(concat!("wharf/", env!("CARGO_PKG_VERSION"), " (linux)")),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_survives_the_rewrite() {
        let uri: Uri = "/v1.44/containers/json?all=1&filters=%7B%7D".parse().unwrap();
        assert_eq!(unversioned(&uri).unwrap().to_string(), "/containers/json?all=1&filters=%7B%7D");
    }
}
