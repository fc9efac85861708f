//! All published ports of an engine.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::backends::Backends;
use super::error::PortError;
use super::key::{PortKey, PortRequest};
use super::{forward_tcp, forward_udp, reserve};
use crate::conntrack;
use crate::firewall::{Firewall, PublishedPort};
use crate::netfilter::Protocol;
use crate::networks::Networks;

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
    ports: Mutex<BTreeMap<PortKey, Held>>,
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
    pub fn reserve(&self, request: &PortRequest) -> Result<Vec<PortKey>, PortError> {
        let mut ports = self.lock();
        let is_ours = |key: PortKey| ports.keys().any(|held| key.port != 0 && held.conflicts_with(key));
        let reserved = reserve::reserve(request, is_ours)?;
        let keys = reserved.iter().map(|(key, _)| *key).collect();
        ports.extend(reserved.into_iter().map(|(key, socket)| (key, Held::new(socket))));
        Ok(keys)
    }

    /// Takes over a reservation of an earlier process.
    ///
    /// # Errors
    /// The port is reserved already.
    pub fn adopt(&self, key: PortKey, socket: OwnedFd) -> Result<(), PortError> {
        let mut ports = self.lock();
        if ports.keys().any(|held| held.conflicts_with(key)) {
            return Err(PortError::Allocated(key));
        }
        ports.insert(key, Held::new(socket));
        Ok(())
    }

    /// A copy of the socket that reserves a port, for somebody who outlives this process.
    ///
    /// # Errors
    /// Not reserved; no descriptors left.
    pub fn socket(&self, key: PortKey) -> Result<OwnedFd, PortError> {
        let ports = self.lock();
        let held = ports.get(&key).ok_or(PortError::NotReserved(key))?;
        held.socket.try_clone().map_err(|source| PortError::Bind { key, source })
    }

    /// The reserved ports.
    pub fn reserved(&self) -> Vec<PortKey> {
        self.lock().keys().copied().collect()
    }

    /// Sends new connections to these addresses in turn. Connections that exist stay where they are, UDP flows to
    /// addresses that are no longer among them end. Without any, TCP connections are reset.
    ///
    /// # Errors
    /// Not reserved; the kernel refuses, and the backends are the same as before.
    pub fn set_backends(&self, key: PortKey, backends: &[SocketAddrV4]) -> Result<(), PortError> {
        let mut ports = self.lock();
        let held = ports.get_mut(&key).ok_or(PortError::NotReserved(key))?;
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
        let held = ports.remove(&key).ok_or(PortError::NotReserved(key))?;
        if key.protocol == Protocol::Tcp {
            // Ends the listening for all copies at once; the forwarder closes its own only when it is scheduled.
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
        let adopted: Vec<_> = ports.keys().filter_map(|key| published(*key)).collect();
        for port in self.shared.firewall.ports().map_err(PortError::List)? {
            if !adopted.contains(&port) {
                let key = PortKey { protocol: port.protocol, address: port.address.into(), port: port.port };
                let failed = |source| PortError::Firewall { operation: "release", key, source };
                self.shared.firewall.remove_port(port).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PortKey, Held>> {
        self.shared.ports.lock().unwrap_or_else(PoisonError::into_inner)
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
