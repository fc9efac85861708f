//! The route family's socket. Its requests are in the files beside, one per kind of object.

use std::io;

use netlink_packet_core::{NetlinkDeserializable, NetlinkHeader, NetlinkSerializable};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;

use super::socket::{Message, NetlinkSocket};

/// Drives links, addresses and routes of one network namespace.
#[derive(Debug)]
pub(crate) struct RouteSocket(NetlinkSocket);

impl RouteSocket {
    /// Opens a socket in the calling thread's network namespace.
    pub(crate) fn open() -> io::Result<Self> {
        NetlinkSocket::open(NETLINK_ROUTE).map(Self)
    }

    pub(super) fn request(&mut self, message: &RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.0.request(&encode(message, flags))
    }

    pub(super) fn dump(&mut self, message: &RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.0.dump(&encode(message, 0))?.iter().map(decode).collect()
    }

    pub(super) fn get(&mut self, message: &RouteNetlinkMessage) -> io::Result<RouteNetlinkMessage> {
        decode(&self.0.get(&encode(message, 0))?)
    }
}

fn encode(message: &RouteNetlinkMessage, flags: u16) -> Message {
    let mut payload = vec![0; NetlinkSerializable::buffer_len(message)];
    message.serialize(&mut payload);
    Message { kind: message.message_type(), flags, payload }
}

pub(super) fn decode(message: &Message) -> io::Result<RouteNetlinkMessage> {
    let mut header = NetlinkHeader::default();
    header.message_type = message.kind;
    RouteNetlinkMessage::deserialize(&header, &message.payload)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
