//! The kernel's table of connections, as far as it must be told about published UDP ports.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use netlink_sys::protocols::NETLINK_NETFILTER;

use crate::netfilter::Protocol;
use crate::netlink::{AttributeWriter, Message, NetlinkSocket, attributes};

const SUBSYSTEM: u16 = 1;
const GET: u16 = 1;
const DELETE: u16 = 2;
const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTOCOL: u16 = 2;
const IPV4_SOURCE: u16 = 1;
const IPV4_DESTINATION: u16 = 2;
const PROTOCOL_NUMBER: u16 = 1;
const SOURCE_PORT: u16 = 2;
const DESTINATION_PORT: u16 = 3;
/// Size of `struct nfgenmsg`.
const FAMILY_HEADER: usize = 4;

/// One direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tuple {
    protocol: u8,
    source: SocketAddrV4,
    destination: SocketAddrV4,
}

/// Forgets the UDP flows to a port of the host that lead to none of `backends`: the next datagram is decided anew.
pub(crate) fn flush_udp(address: IpAddr, port: u16, backends: &[SocketAddrV4]) -> io::Result<()> {
    let mut socket = NetlinkSocket::open(NETLINK_NETFILTER)?;
    let family = u8::try_from(libc::AF_INET).unwrap_or(0);
    let list = Message { kind: SUBSYSTEM << 8 | GET, flags: 0, payload: vec![family, 0, 0, 0] };
    for entry in socket.dump(&list)? {
        let body = entry.payload.get(FAMILY_HEADER..).unwrap_or_default();
        if !is_stale(body, address, port, backends) {
            continue;
        }
        let Some((_, original)) = attributes(body).find(|(kind, _)| *kind == TUPLE_ORIGINAL) else {
            continue;
        };
        let payload = AttributeWriter::after(&[family, 0, 0, 0]).bytes(TUPLE_ORIGINAL | 1 << 15, original);
        let delete = Message { kind: SUBSYSTEM << 8 | DELETE, flags: 0, payload: payload.finish() };
        match socket.request(&delete) {
            // It ended by itself.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

fn is_stale(entry: &[u8], address: IpAddr, port: u16, backends: &[SocketAddrV4]) -> bool {
    let tuple =
        |wanted| attributes(entry).find(|(kind, _)| *kind == wanted).and_then(|(_, value)| read(value));
    let (Some(original), Some(reply)) = (tuple(TUPLE_ORIGINAL), tuple(TUPLE_REPLY)) else { return false };
    let concerned = original.protocol == Protocol::Udp.number()
        && original.destination.port() == port
        && (address.is_unspecified() || address == IpAddr::V4(*original.destination.ip()));
    concerned && !backends.contains(&reply.source)
}

fn read(tuple: &[u8]) -> Option<Tuple> {
    let part = |wanted| attributes(tuple).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let (ip, transport) = (part(TUPLE_IP)?, part(TUPLE_PROTOCOL)?);
    let field = |bytes, wanted| attributes(bytes).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let address = |kind| Some(Ipv4Addr::from(<[u8; 4]>::try_from(field(ip, kind)?).ok()?));
    let port = |kind| Some(u16::from_be_bytes(field(transport, kind)?.try_into().ok()?));
    Some(Tuple {
        protocol: *field(transport, PROTOCOL_NUMBER)?.first()?,
        source: SocketAddrV4::new(address(IPV4_SOURCE)?, port(SOURCE_PORT)?),
        destination: SocketAddrV4::new(address(IPV4_DESTINATION)?, port(DESTINATION_PORT)?),
    })
}
