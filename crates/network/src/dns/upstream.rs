//! Passes queries on to other servers, as raw bytes (contract 3.6.7, 3.6.8).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use simple_dns::RCODE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use wharf_container::namespace::in_network_namespace;

use super::answer::{Answer, error_reply};
use super::view::Upstreams;

const PORT: u16 = 53;
/// For one server to answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// Queries on their way at the same time, per engine.
const CONCURRENT: usize = 1024;
/// The largest message of the protocol, bytes.
const LARGEST: usize = 65_535;
const SERVER_FAILURE: u8 = 2;
const REFUSED: u8 = 5;

/// How a client asked, and therefore how its query is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

static ON_THE_WAY: Semaphore = Semaphore::const_new(CONCURRENT);

/// Asks the servers one after the other. A refusal or a failure moves on to the next; any other answer is final.
pub(super) async fn forward(query: &[u8], upstreams: &Upstreams, transport: Transport) -> Answer {
    let Ok(_permit) = ON_THE_WAY.try_acquire() else {
        return error_reply(query, RCODE::Refused);
    };
    for server in &upstreams.servers {
        let asked = ask(query, *server, upstreams.namespace.as_ref(), transport);
        if let Ok(Ok(reply)) = timeout(PATIENCE, asked).await
            && !matches!(code(&reply), SERVER_FAILURE | REFUSED)
        {
            return Answer::Reply(reply);
        }
    }
    error_reply(query, RCODE::ServerFailure)
}

async fn ask(
    query: &[u8],
    server: IpAddr,
    namespace: Option<&Arc<OwnedFd>>,
    transport: Transport,
) -> io::Result<Vec<u8>> {
    let server = SocketAddr::new(server, PORT);
    match transport {
        Transport::Udp => ask_by_udp(query, server, namespace).await,
        Transport::Tcp => ask_by_tcp(query, server, namespace).await,
    }
}

async fn ask_by_udp(
    query: &[u8],
    server: SocketAddr,
    namespace: Option<&Arc<OwnedFd>>,
) -> io::Result<Vec<u8>> {
    let unspecified = match server {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Connected: the kernel then lets only this server's answers through.
    let open = move || {
        let socket = std::net::UdpSocket::bind((unspecified, 0))?;
        socket.connect(server)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    let socket = UdpSocket::from_std(opened(namespace, open).await?)?;
    socket.send(query).await?;
    let mut buffer = vec![0; LARGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if buffer[..length].get(..2) == query.get(..2) {
            buffer.truncate(length);
            return Ok(buffer);
        }
    }
}

async fn ask_by_tcp(
    query: &[u8],
    server: SocketAddr,
    namespace: Option<&Arc<OwnedFd>>,
) -> io::Result<Vec<u8>> {
    let open = move || {
        let stream = std::net::TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    };
    let mut stream = match namespace {
        Some(_) => TcpStream::from_std(opened(namespace, open).await?)?,
        None => TcpStream::connect(server).await?,
    };
    write_message(&mut stream, query).await?;
    read_message(&mut stream).await
}

/// Opens a socket, inside the namespace if one is given: on a blocking thread, since connecting may wait.
async fn opened<T: Send + 'static>(
    namespace: Option<&Arc<OwnedFd>>,
    open: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let Some(namespace) = namespace.cloned() else { return open() };
    let inside = move || in_network_namespace(namespace.as_fd(), open).flatten();
    tokio::task::spawn_blocking(inside).await.map_err(io::Error::other)?
}

/// Writes one message with its length in front (RFC 1035 section 4.2.2).
pub(super) async fn write_message(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend(message);
    stream.write_all(&framed).await
}

/// Reads one message with its length in front.
pub(super) async fn read_message(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

fn code(reply: &[u8]) -> u8 {
    reply.get(3).map_or(SERVER_FAILURE, |flags| flags & 0x0f)
}
