//! Answers that `bollard` has no type for, read as they are: `/system/df` changed its shape after API 1.51.

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::{Engine, EngineError};

impl Engine {
    /// The JSON answer to a GET of `path`, in the API version spoken with the engine.
    ///
    /// # Errors
    /// The engine is gone, refuses, or answers something else.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, EngineError> {
        let failed = |reason: String| EngineError::Read { path: path.to_owned(), reason };
        let bytes = self.fetch(path).await.map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))
    }

    async fn fetch(&self, path: &str) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let uri = self.version().prefix(&path.parse::<Uri>()?);
        let address = self.target().address();
        match address.strip_prefix("tcp://").or_else(|| address.strip_prefix("http://")) {
            Some(host) => ask(TcpStream::connect(host).await?, uri).await,
            None => {
                let path = address.strip_prefix("unix://").unwrap_or(&address);
                ask(UnixStream::connect(path).await?, uri).await
            }
        }
    }
}

async fn ask<S>(stream: S, uri: Uri) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer; what goes wrong with it shows there.
    tokio::spawn(connection);
    let request = Request::get(uri).header(HOST, "engine").body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status.is_success() {
        Ok(body)
    } else {
        Err(format!("{status}: {}", String::from_utf8_lossy(&body).trim()).into())
    }
}
