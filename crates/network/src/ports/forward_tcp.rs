//! Forwards TCP connections that the firewall does not lead to a container: IPv6 clients, mostly.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::backends::Backends;

/// For a backend to accept a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at the same time, per port.
const CONCURRENT: usize = 4096;
/// Pause after a failure to accept, so that a lasting one (no descriptors left) does not use up a core.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a listening socket for ever.
pub(super) async fn serve(listener: TcpListener, backends: Arc<Backends>) {
    let connections = Arc::new(Semaphore::new(CONCURRENT));
    loop {
        let Ok(permit) = connections.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((client, _)) => {
                let backends = backends.in_turn();
                tokio::spawn(async move {
                    forward(client, &backends).await;
                    drop(permit);
                });
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn forward(mut client: TcpStream, backends: &[SocketAddrV4]) {
    match connect(backends).await {
        Some(mut backend) => {
            // Either side may break off; that is the other one's to see, by the end of its own connection.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut backend).await;
        }
        // As a port that nobody listens on would: a reset, not an empty answer.
        None => drop(client.set_zero_linger()),
    }
}

/// Connects to the first backend that accepts.
async fn connect(backends: &[SocketAddrV4]) -> Option<TcpStream> {
    for backend in backends {
        if let Ok(Ok(stream)) = timeout(PATIENCE, TcpStream::connect(backend)).await {
            return Some(stream);
        }
    }
    None
}
