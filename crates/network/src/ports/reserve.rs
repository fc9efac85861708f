//! Binds the sockets that reserve ports.

use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::error::PortError;
use super::holder;
use super::key::{HostPorts, PortKey, PortRequest};
use crate::netfilter::Protocol;

/// Attempts to find a number that is free on all addresses (contract 3.5.2).
const EPHEMERAL_ATTEMPTS: usize = 10;
/// Connections that wait until they are taken on.
const BACKLOG: i32 = 4096;

/// A port with the socket that holds it.
pub(super) type Reservation = (PortKey, OwnedFd);

/// Reserves one number on all addresses of the request; `is_ours` tells about ports of other containers.
pub(super) fn reserve(
    request: &PortRequest,
    is_ours: impl Fn(PortKey) -> bool,
) -> Result<Vec<Reservation>, PortError> {
    let bind = |port| bind_all(request, port, &is_ours);
    match &request.ports {
        HostPorts::Fixed(port) => bind(*port),
        HostPorts::Ephemeral => retry(std::iter::repeat_n(0, EPHEMERAL_ATTEMPTS), bind),
        HostPorts::AnyOf(range) => match retry(range.clone(), bind) {
            Err(error) if !is_taken(&error) => Err(error),
            Err(_) => Err(PortError::RangeExhausted {
                first: *range.start(),
                last: *range.end(),
                protocol: request.protocol.name(),
            }),
            reserved => reserved,
        },
    }
}

/// The first of `ports` that is not taken; the last refusal when all are.
fn retry(
    mut ports: impl Iterator<Item = u16>,
    bind: impl Fn(u16) -> Result<Vec<Reservation>, PortError>,
) -> Result<Vec<Reservation>, PortError> {
    let mut result = ports.next().map_or_else(|| Ok(Vec::new()), &bind);
    for port in ports {
        match result {
            Err(ref error) if is_taken(error) => result = bind(port),
            other => return other,
        }
    }
    result
}

fn is_taken(error: &PortError) -> bool {
    matches!(error, PortError::Allocated(_) | PortError::InUse { .. })
}

/// Binds one number on all addresses; 0 lets the kernel pick one for the first, and takes the same for the others.
fn bind_all(
    request: &PortRequest,
    port: u16,
    is_ours: &impl Fn(PortKey) -> bool,
) -> Result<Vec<Reservation>, PortError> {
    let mut reserved: Vec<Reservation> = Vec::new();
    for (address, optional) in request.addresses() {
        let port = reserved.first().map_or(port, |(key, _)| key.port);
        let key = PortKey { protocol: request.protocol, address, port };
        if is_ours(key) {
            return Err(PortError::Allocated(key));
        }
        match bind(key) {
            Ok((port, socket)) => reserved.push((PortKey { port, ..key }, socket)),
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) if optional => {}
            Err(Errno::ADDRINUSE) => return Err(PortError::InUse { key, holder: holder::find(key) }),
            Err(error) => return Err(PortError::Bind { key, source: error.into() }),
        }
    }
    Ok(reserved)
}

fn bind(key: PortKey) -> Result<(u16, OwnedFd), Errno> {
    let (family, is_v6) = match key.address {
        IpAddr::V4(_) => (AddressFamily::INET, false),
        IpAddr::V6(_) => (AddressFamily::INET6, true),
    };
    let kind = match key.protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, kind, flags, None)?;
    if is_v6 {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    if key.protocol == Protocol::Tcp {
        // Connections of an earlier run that are in TIME_WAIT must not keep the port.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    rustix::net::bind(&socket, &key.socket_address())?;
    if key.protocol == Protocol::Tcp {
        rustix::net::listen(&socket, BACKLOG)?;
    }
    let bound = std::net::SocketAddr::try_from(rustix::net::getsockname(&socket)?)?;
    Ok((bound.port(), socket))
}
