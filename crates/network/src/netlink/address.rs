//! Interface addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::RouteSocket;

impl RouteSocket {
    /// Gives an interface an IPv4 address; the kernel adds the route to its subnet.
    pub(crate) fn add_address(&mut self, index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        let mut message = address_message(index, address, prefix);
        let broadcast = crate::subnet::Ipv4Subnet::containing(address, prefix).broadcast();
        message.attributes.push(AddressAttribute::Broadcast(broadcast));
        self.request(&RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Takes an IPv4 address from an interface; it is not answered for from then on.
    pub(crate) fn remove_address(&mut self, index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        self.request(&RouteNetlinkMessage::DelAddress(address_message(index, address, prefix)), 0)
    }

    /// The IPv4 addresses of an interface, with their prefix lengths.
    pub(crate) fn addresses(&mut self, index: u32) -> io::Result<Vec<(Ipv4Addr, u8)>> {
        let mut request = AddressMessage::default();
        request.header.family = AddressFamily::Inet;
        let answers = self.dump(&RouteNetlinkMessage::GetAddress(request))?;
        Ok(answers.iter().filter_map(|answer| local_address(answer, index)).collect())
    }
}

fn address_message(index: u32, address: Ipv4Addr, prefix: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.index = index;
    message.header.prefix_len = prefix;
    message.attributes =
        vec![AddressAttribute::Local(address.into()), AddressAttribute::Address(address.into())];
    message
}

fn local_address(answer: &RouteNetlinkMessage, index: u32) -> Option<(Ipv4Addr, u8)> {
    let RouteNetlinkMessage::NewAddress(message) = answer else { return None };
    let address = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(IpAddr::V4(address)) => Some(*address),
        _ => None,
    })?;
    (message.header.index == index).then_some((address, message.header.prefix_len))
}
