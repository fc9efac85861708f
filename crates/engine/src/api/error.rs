//! Errors on their way out: a status and `{"message": …}`.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::error::{Error, ErrorKind};

/// The result of every handler.
pub type ApiResult<T = Response> = Result<T, ApiError>;

/// An answer that is an error.
#[derive(Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    /// An error with any status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        ApiError { status, message: message.into() }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::BAD_REQUEST, message)
    }

    /// 501: this engine does not do that.
    pub fn not_implemented(message: impl Into<String>) -> Self {
        ApiError::new(StatusCode::NOT_IMPLEMENTED, message)
    }

    /// What the client will show.
    #[cfg(test)]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        ApiError::new(status(error.kind()), error.message())
    }
}

fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotModified => StatusCode::NOT_MODIFIED,
        ErrorKind::BadParameter => StatusCode::BAD_REQUEST,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // RFC 9110 15.4.5: a 304 has no content, and clients hang on one that has.
        if self.status == StatusCode::NOT_MODIFIED {
            return self.status.into_response();
        }
        // With the end of a line, as Docker writes it: a person may be reading.
        let body = serde_json::json!({ "message": self.message }).to_string() + "\n";
        (self.status, [(CONTENT_TYPE, "application/json")], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_errors_keep_their_text_and_get_their_status() {
        let error = ApiError::from(Error::NoSuchContainer("web".to_owned()));
        assert_eq!(error, ApiError::new(StatusCode::NOT_FOUND, "No such container: web"));
    }

    #[test]
    fn not_modified_has_no_body() {
        let response = ApiError::from(Error::NotModified("runs".to_owned())).into_response();
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert!(response.headers().get("content-type").is_none());
    }
}
