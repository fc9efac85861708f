//! All published ports of an engine.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::backends::Backends;
use super::error::PortError;
use super::key::{PortKey, PortRequest};
use super::reserve::Reservation;
use super::{forward_tcp, forward_udp, reserve};
use crate::conntrack;
use crate::firewall::{Firewall, PublishedPort};
use crate::netfilter::Protocol;
use crate::networks::Networks;

/// For the copies of a released socket to be closed: by the forwarder when it is scheduled, and by other holders.
const CLOSING: Duration = Duration::from_secs(1);
/// Between attempts to reserve a port whose last copy is being closed.
const PAUSE: Duration = Duration::from_millis(1);

/// The published ports of one engine. Clones are the same ports.
///
/// Dropping the last one closes the sockets and leaves the rules: whoever holds copies of the sockets can hand them to
/// the next process by [`PortMapper::adopt`], and no connection is refused in between.
#[derive(Debug, Clone)]
pub struct PortMapper {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    firewall: Arc<Firewall>,
    runtime: Handle,
    ports: Mutex<Ports>,
}

#[derive(Debug, Default)]
struct Ports {
    held: BTreeMap<PortKey, Held>,
    /// Ports that were released lately, and when.
    released: Vec<(PortKey, Instant)>,
}

#[derive(Debug)]
struct Held {
    socket: OwnedFd,
    backends: Arc<Backends>,
    /// Runs from the first backends on; connections wait in the socket until then.
    forwarder: Option<JoinHandle<()>>,
}

impl PortMapper {
    /// For the networks of an engine.
    pub fn new(networks: &Networks) -> Self {
        let shared = Shared {
            firewall: networks.firewall().clone(),
            runtime: networks.config().runtime.clone(),
            ports: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Reserves a port for containers. Without a host address the result is two keys with one number, for IPv4 and IPv6.
    ///
    /// # Errors
    /// The port is taken (by a container or by a process, which is named), or cannot be bound. Nothing is reserved then.
    /// A port that was released less than a second ago is waited for, until its last copy is closed.
    pub fn reserve(&self, request: &PortRequest) -> Result<Vec<PortKey>, PortError> {
        loop {
            let mut ports = self.lock();
            match reserve::reserve(request, |key| ports.is_held(key)) {
                Err(PortError::InUse { key, .. }) if ports.is_closing(key) => {}
                reserved => return reserved.map(|reserved| ports.hold(reserved)),
            }
            drop(ports);
            std::thread::sleep(PAUSE);
        }
    }

    /// Takes over a reservation of an earlier process.
    ///
    /// # Errors
    /// The port is reserved already.
    pub fn adopt(&self, key: PortKey, socket: OwnedFd) -> Result<(), PortError> {
        let mut ports = self.lock();
        if ports.is_held(key) {
            return Err(PortError::Allocated(key));
        }
        ports.hold(vec![(key, socket)]);
        Ok(())
    }

    /// A copy of the socket that reserves a port, for somebody who outlives this process.
    ///
    /// # Errors
    /// Not reserved; no descriptors left.
    pub fn socket(&self, key: PortKey) -> Result<OwnedFd, PortError> {
        let ports = self.lock();
        let held = ports.held.get(&key).ok_or(PortError::NotReserved(key))?;
        held.socket.try_clone().map_err(|source| PortError::Bind { key, source })
    }

    /// The reserved ports.
    pub fn reserved(&self) -> Vec<PortKey> {
        self.lock().held.keys().copied().collect()
    }

    /// Sends new connections to these addresses in turn. Connections that exist stay where they are, UDP flows to
    /// addresses that are no longer among them end. Without any, TCP connections are reset.
    ///
    /// # Errors
    /// Not reserved; the kernel refuses, and the backends are the same as before.
    pub fn set_backends(&self, key: PortKey, backends: &[SocketAddrV4]) -> Result<(), PortError> {
        let mut ports = self.lock();
        let held = ports.held.get_mut(&key).ok_or(PortError::NotReserved(key))?;
        let failed = |source| PortError::Firewall { operation: "publish", key, source };
        if let Some(port) = published(key) {
            self.shared.firewall.set_port(port, backends).map_err(failed)?;
            flush_flows(key, backends).map_err(failed)?;
        }
        held.backends.set(backends);
        held.start_forwarder(key, &self.shared.runtime).map_err(failed)
    }

    /// Ends the publication and frees the port. Copies of its socket must be closed by their holders.
    ///
    /// # Errors
    /// Not reserved; the kernel refuses to remove the rules. The socket is closed all the same.
    pub fn release(&self, key: PortKey) -> Result<(), PortError> {
        let mut ports = self.lock();
        let held = ports.held.remove(&key).ok_or(PortError::NotReserved(key))?;
        ports.released.retain(|(_, released)| released.elapsed() < CLOSING);
        ports.released.push((key, Instant::now()));
        if key.protocol == Protocol::Tcp {
            // Ends the listening for all copies at once, whoever holds them.
            // A socket that does not listen any more is as good as shut down.
            let _ = rustix::net::shutdown(&held.socket, rustix::net::Shutdown::Both);
        }
        let Some(port) = published(key).filter(|_| held.forwarder.is_some()) else { return Ok(()) };
        let failed = |source| PortError::Firewall { operation: "release", key, source };
        self.shared.firewall.remove_port(port).map_err(failed)?;
        flush_flows(key, &[]).map_err(failed)
    }

    /// Removes the rules of ports that an earlier process had published and nobody has adopted since.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn release_unadopted(&self) -> Result<(), PortError> {
        let ports = self.lock();
        let adopted: Vec<_> = ports.held.keys().filter_map(|key| published(*key)).collect();
        for port in self.shared.firewall.ports().map_err(PortError::List)? {
            if !adopted.contains(&port) {
                let key = PortKey { protocol: port.protocol, address: port.address.into(), port: port.port };
                let failed = |source| PortError::Firewall { operation: "release", key, source };
                self.shared.firewall.remove_port(port).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Ports> {
        self.shared.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ports {
    fn is_held(&self, key: PortKey) -> bool {
        key.port != 0 && self.held.keys().any(|held| held.conflicts_with(key))
    }

    fn is_closing(&self, key: PortKey) -> bool {
        let closing = |(released, since): &(PortKey, Instant)| {
            since.elapsed() < CLOSING && released.conflicts_with(key)
        };
        self.released.iter().any(closing)
    }

    fn hold(&mut self, reserved: Vec<Reservation>) -> Vec<PortKey> {
        let keys = reserved.iter().map(|(key, _)| *key).collect();
        self.held.extend(reserved.into_iter().map(|(key, socket)| (key, Held::new(socket))));
        keys
    }
}

impl Held {
    fn new(socket: OwnedFd) -> Self {
        Self { socket, backends: Arc::default(), forwarder: None }
    }

    fn start_forwarder(&mut self, key: PortKey, runtime: &Handle) -> io::Result<()> {
        if self.forwarder.is_some() {
            return Ok(());
        }
        let (socket, backends) = (self.socket.try_clone()?, self.backends.clone());
        let _runtime = runtime.enter();
        self.forwarder = Some(match key.protocol {
            Protocol::Tcp => {
                runtime.spawn(forward_tcp::serve(TcpListener::from_std(socket.into())?, backends))
            }
            Protocol::Udp => runtime.spawn(forward_udp::serve(UdpSocket::from_std(socket.into())?, backends)),
        });
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.forwarder.iter().for_each(JoinHandle::abort);
    }
}

/// The firewall's part of a port; IPv6 is forwarded by this process only.
fn published(key: PortKey) -> Option<PublishedPort> {
    match key.address {
        IpAddr::V4(address) => Some(PublishedPort { protocol: key.protocol, address, port: key.port }),
        IpAddr::V6(_) => None,
    }
}

/// The kernel remembers where a UDP flow goes for as long as it goes on (contract 3.5.9).
fn flush_flows(key: PortKey, backends: &[SocketAddrV4]) -> io::Result<()> {
    match key.protocol {
        Protocol::Tcp => Ok(()),
        Protocol::Udp => conntrack::flush_udp(key.address, key.port, backends),
    }
}
