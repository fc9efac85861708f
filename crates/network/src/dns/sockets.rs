//! The resolver's sockets, inside a sandbox.

use std::io;
use std::net::{SocketAddrV4, TcpListener, UdpSocket};

use super::redirect;
use crate::resolv_conf::EMBEDDED_RESOLVER;

/// Sockets at 127.0.0.11 on free ports; port 53 of that address leads to them.
///
/// Binding port 53 itself would take it from a DNS server in the container.
#[derive(Debug)]
pub(crate) struct ResolverSockets {
    pub(super) udp: UdpSocket,
    pub(super) tcp: TcpListener,
}

impl ResolverSockets {
    /// Opens the sockets in the calling thread's namespace and redirects queries to them, instead of to earlier ones.
    pub(crate) fn open() -> io::Result<Self> {
        let address = SocketAddrV4::new(EMBEDDED_RESOLVER, 0);
        let udp = UdpSocket::bind(address)?;
        let tcp = TcpListener::bind(address)?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        redirect::install(own_port(udp.local_addr()?), own_port(tcp.local_addr()?))?;
        Ok(Self { udp, tcp })
    }
}

fn own_port(address: std::net::SocketAddr) -> SocketAddrV4 {
    SocketAddrV4::new(EMBEDDED_RESOLVER, address.port())
}
