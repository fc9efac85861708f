//! The resolver of one sandbox: receives queries and sends answers.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::answer::{Answer, answer, fit_udp};
use super::names::Names;
use super::sockets::ResolverSockets;
use super::upstream::{Transport, forward, read_message, write_message};
use super::view::View;

/// The largest query that is accepted by UDP, bytes.
const LARGEST_QUERY: usize = 4096;
/// Queries and connections of one container that are worked on at the same time.
const CONCURRENT: usize = 256;
/// A TCP client that asks nothing for this long is dropped.
const IDLE: Duration = Duration::from_secs(10);
/// Pause after a failure to receive, so that a lasting one does not use up a core.
const PAUSE: Duration = Duration::from_millis(100);

/// A running resolver; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Resolver {
    mind: Arc<Mind>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Mind {
    names: Arc<Names>,
    view: RwLock<Arc<View>>,
    at_work: Arc<Semaphore>,
}

impl Resolver {
    /// Starts to answer on the sockets.
    pub(crate) fn start(runtime: &Handle, sockets: ResolverSockets, names: Arc<Names>, view: View) -> Self {
        let view = RwLock::new(Arc::new(view));
        let mind = Arc::new(Mind { names, view, at_work: Arc::new(Semaphore::new(CONCURRENT)) });
        let ResolverSockets { udp, tcp } = sockets;
        let tasks =
            [runtime.spawn(serve_udp(udp, mind.clone())), runtime.spawn(serve_tcp(tcp, mind.clone()))];
        Self { mind, tasks }
    }

    /// Replaces what the container sees; queries on their way finish with what they began with.
    pub(crate) fn set_view(&self, view: View) {
        *self.mind.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Mind {
    fn view(&self) -> Arc<View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn answer(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let view = self.view();
        let decided = match answer(query, &view, &self.names) {
            Answer::Forward => forward(query, &view.upstreams, transport).await,
            other => other,
        };
        match decided {
            Answer::Reply(bytes) => Some(bytes),
            Answer::Forward | Answer::Silence => None,
        }
    }
}

async fn serve_udp(socket: std::net::UdpSocket, mind: Arc<Mind>) {
    let socket = match UdpSocket::from_std(socket) {
        Ok(socket) => Arc::new(socket),
        Err(error) => return tracing::error!(%error, "a container's resolver cannot receive by UDP"),
    };
    let mut buffer = vec![0; LARGEST_QUERY];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, client)) => handle_datagram(&socket, &mind, &buffer[..length], client),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// What is known here is answered at once; only what must be forwarded gets a task.
fn handle_datagram(socket: &Arc<UdpSocket>, mind: &Arc<Mind>, query: &[u8], client: SocketAddr) {
    let view = mind.view();
    match answer(query, &view, &mind.names) {
        Answer::Silence => {}
        Answer::Reply(reply) => {
            // A full send buffer loses the answer, as UDP may; the client asks again.
            let _ = socket.try_send_to(&fit_udp(query, reply), client);
        }
        Answer::Forward => {
            let Ok(permit) = mind.at_work.clone().try_acquire_owned() else { return };
            let (socket, query) = (socket.clone(), query.to_vec());
            tokio::spawn(async move {
                if let Answer::Reply(reply) = forward(&query, &view.upstreams, Transport::Udp).await {
                    let _ = socket.send_to(&fit_udp(&query, reply), client).await;
                }
                drop(permit);
            });
        }
    }
}

async fn serve_tcp(listener: std::net::TcpListener, mind: Arc<Mind>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "a container's resolver cannot receive by TCP"),
    };
    loop {
        let Ok(permit) = mind.at_work.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let mind = mind.clone();
                tokio::spawn(async move {
                    // A client that breaks off ends its own connection only.
                    let _ = serve_connection(stream, &mind).await;
                    drop(permit);
                });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn serve_connection(mut stream: TcpStream, mind: &Mind) -> io::Result<()> {
    while let Ok(query) = timeout(IDLE, read_message(&mut stream)).await {
        match mind.answer(&query?, Transport::Tcp).await {
            Some(reply) => write_message(&mut stream, &reply).await?,
            None => return Ok(()),
        }
    }
    Ok(())
}
