//! Asks an endpoint of a container from inside its network namespace, without a program of the image.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use wharf_container::namespace::in_network_namespace;

use super::endpoint::Endpoint;
use super::machine::OUTPUT_LIMIT;

/// Asks once; gives an exit code as a command would have, and what there is to show. The caller bounds the time.
pub async fn ask(namespace: &OwnedFd, endpoint: &Endpoint) -> (i32, Vec<u8>) {
    match try_ask(namespace, endpoint).await {
        Ok((success, output)) => (i32::from(!success), output),
        Err(text) => (1, text.into_bytes()),
    }
}

async fn try_ask(namespace: &OwnedFd, endpoint: &Endpoint) -> Result<(bool, Vec<u8>), String> {
    let stream = connect(namespace, endpoint.port)
        .await
        .map_err(|error| format!("connect to port {}: {error}", endpoint.port))?;
    match &endpoint.path {
        None => Ok((true, Vec::new())),
        Some(path) => get(stream, endpoint.port, path).await.map_err(|error| format!("GET {path}: {error}")),
    }
}

/// Servers listen on either family, or on one.
async fn connect(namespace: &OwnedFd, port: u16) -> io::Result<TcpStream> {
    match connect_to(namespace, Ipv4Addr::LOCALHOST.into(), port).await {
        Err(refused) => connect_to(namespace, Ipv6Addr::LOCALHOST.into(), port).await.map_err(|_| refused),
        connected => connected,
    }
}

/// A socket stays in the namespace that it was made in; only that is done inside.
async fn connect_to(namespace: &OwnedFd, address: IpAddr, port: u16) -> io::Result<TcpStream> {
    let make = || if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = in_network_namespace(namespace.as_fd(), make).flatten()?;
    socket.connect(SocketAddr::new(address, port)).await
}

async fn get(stream: TcpStream, port: u16, path: &str) -> Result<(bool, Vec<u8>), String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(describe)?;
    let served = tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, format!("localhost:{port}"))
        .header(USER_AGENT, "wharf-probe")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(describe)?;
    let status = answer.status();
    let mut output = format!("{status}\n").into_bytes();
    let mut body = answer.into_body();
    while output.len() <= OUTPUT_LIMIT
        && let Some(Ok(frame)) = body.frame().await
    {
        output.extend(frame.into_data().unwrap_or_default());
    }
    served.abort();
    Ok((is_success(status), output))
}

fn is_success(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

/// With its cause: hyper's own texts say only which step failed.
fn describe(error: hyper::Error) -> String {
    match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
