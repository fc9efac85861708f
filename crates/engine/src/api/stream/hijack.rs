//! Taking over a connection: `attach` and `exec start` turn it into a two-way stream.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

use super::detach::DetachKeys;
use super::frame::{media_type, output_body};
use super::old_clients::RAW_STREAM;
use super::session;
use crate::api::error::{ApiError, ApiResult};
use crate::io::Attached;

/// A connection that was taken over.
pub type Connection = TokioIo<Upgraded>;

/// The right to take over the connection of this request, when the client asked for that.
pub struct Hijack {
    upgrade: Option<OnUpgrade>,
    protocol: &'static str,
}

impl<S: Sync> FromRequestParts<S> for Hijack {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let asked = parts.headers.get(header::UPGRADE);
        let protocol = if asked.is_some_and(|asked| asked == RAW_STREAM) { RAW_STREAM } else { "tcp" };
        let upgrade = parts.extensions.remove::<OnUpgrade>().filter(|_| asked.is_some());
        Ok(Hijack { upgrade, protocol })
    }
}

impl Hijack {
    /// Connects the client with a process. A client that asked for no upgrade gets the output as a plain body, unless it is one
    /// that takes connections over without asking and may type.
    ///
    /// # Errors
    /// Input was asked for by a client that sends its request in chunks, or not as the first one of its connection.
    pub fn connect(self, attached: Attached, keys: DetachKeys) -> ApiResult {
        let tty = attached.tty;
        match self.upgrade {
            Some(_) if self.protocol != RAW_STREAM || attached.input.is_some() => {
                let protocol = self.protocol;
                let session = async move |connection| session::run(connection, attached, keys).await;
                let mut response = self.take_over(protocol, session)?;
                let media_type = HeaderValue::from_static(media_type(tty));
                response.headers_mut().insert(header::CONTENT_TYPE, media_type);
                Ok(response)
            }
            _ if attached.input.is_some() => Err(ApiError::bad_request(
                "sending input needs the request headers \"Connection: Upgrade\" and \"Upgrade: tcp\"",
            )),
            _ => Ok(([(header::CONTENT_TYPE, media_type(tty))], output_body(attached.output, tty))
                .into_response()),
        }
    }

    /// Hands the connection to `session`, which from then on speaks `protocol`.
    ///
    /// # Errors
    /// The client asked for no upgrade.
    pub fn take_over<F>(
        self,
        protocol: &'static str,
        session: impl FnOnce(Connection) -> F + Send + 'static,
    ) -> ApiResult
    where
        F: Future<Output = ()> + Send,
    {
        let upgrade = self.upgrade.ok_or_else(|| ApiError::bad_request("no upgrade proto in request"))?;
        tokio::spawn(async move {
            // An error here is a client that left before the connection was its own.
            if let Ok(connection) = upgrade.await {
                session(TokioIo::new(connection)).await;
            }
        });
        Ok(switching(protocol))
    }
}

fn switching(protocol: &'static str) -> Response {
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, Body::empty()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static(protocol));
    response
}
