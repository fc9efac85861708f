//! Forwards UDP datagrams that the firewall does not lead to a container: IPv6 clients, mostly.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

use super::backends::Backends;

/// A client that is silent for this long is forgotten, as Docker's proxy does it.
const IDLE: Duration = Duration::from_secs(90);
/// Clients at the same time, per port.
const CLIENTS: usize = 1024;
/// The largest datagram, bytes.
const LARGEST: usize = 65_535;
/// Pause after a failure to receive, so that a lasting one does not use up a core.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket towards a backend for every client, so that answers find the way back.
type Flows = Arc<Mutex<HashMap<SocketAddr, Arc<UdpSocket>>>>;

/// Serves a socket for ever.
pub(super) async fn serve(socket: UdpSocket, backends: Arc<Backends>) {
    let socket = Arc::new(socket);
    let flows = Flows::default();
    let mut buffer = vec![0; LARGEST];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else {
            sleep(PAUSE).await;
            continue;
        };
        if let Ok(Some(flow)) = flow(&socket, &flows, &backends, client).await {
            // A datagram that cannot be sent is lost, as UDP may.
            let _ = flow.send(&buffer[..length]).await;
        }
    }
}

/// The flow of a client, opened if it is new; none when there is no backend or no room.
async fn flow(
    socket: &Arc<UdpSocket>,
    flows: &Flows,
    backends: &Backends,
    client: SocketAddr,
) -> io::Result<Option<Arc<UdpSocket>>> {
    let known = lock(flows).get(&client).cloned();
    if known.is_some() || lock(flows).len() >= CLIENTS {
        return Ok(known);
    }
    let Some(backend) = backends.in_turn().first().copied() else { return Ok(None) };
    let flow = Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?);
    flow.connect(backend).await?;
    lock(flows).insert(client, flow.clone());
    tokio::spawn(answer(socket.clone(), flows.clone(), flow.clone(), client));
    Ok(Some(flow))
}

/// Passes a backend's answers to the client until both are silent.
async fn answer(socket: Arc<UdpSocket>, flows: Flows, flow: Arc<UdpSocket>, client: SocketAddr) {
    let mut buffer = vec![0; LARGEST];
    while let Ok(Ok(length)) = timeout(IDLE, flow.recv(&mut buffer)).await {
        let _ = socket.send_to(&buffer[..length], client).await;
    }
    lock(&flows).remove(&client);
}

fn lock(flows: &Flows) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, Arc<UdpSocket>>> {
    flows.lock().unwrap_or_else(PoisonError::into_inner)
}
