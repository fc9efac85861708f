//! Routes: the container's default route, and what the host's tables say about subnets in use.

use std::io;
use std::net::Ipv4Addr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::RouteSocket;
use crate::subnet::Ipv4Subnet;

impl RouteSocket {
    /// Makes `gateway` the IPv4 default route, in place of another one.
    pub(crate) fn set_default_route(&mut self, gateway: Ipv4Addr) -> io::Result<()> {
        let mut message = default_route();
        message.attributes.push(RouteAttribute::Gateway(RouteAddress::Inet(gateway)));
        self.request(&RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Removes the IPv4 default route; that there is none is fine.
    pub(crate) fn remove_default_route(&mut self) -> io::Result<()> {
        match self.request(&RouteNetlinkMessage::DelRoute(default_route()), 0) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            other => other,
        }
    }

    /// The subnets that the host reaches directly: routes of scope link (contract 3.1.2).
    pub(crate) fn on_link_subnets(&mut self) -> io::Result<Vec<Ipv4Subnet>> {
        Ok(self.main_routes()?.iter().filter_map(on_link).collect())
    }

    /// The interface of the IPv4 default route.
    pub(crate) fn default_route_interface(&mut self) -> io::Result<Option<u32>> {
        let routes = self.main_routes()?;
        Ok(routes.iter().find(|route| route.header.destination_prefix_length == 0).and_then(interface))
    }

    fn main_routes(&mut self) -> io::Result<Vec<RouteMessage>> {
        let mut request = RouteMessage::default();
        request.header.address_family = AddressFamily::Inet;
        let answers = self.dump(&RouteNetlinkMessage::GetRoute(request))?;
        let routes = answers.into_iter().filter_map(|answer| match answer {
            RouteNetlinkMessage::NewRoute(route) if route.header.table == RouteHeader::RT_TABLE_MAIN => {
                Some(route)
            }
            _ => None,
        });
        Ok(routes.collect())
    }
}

fn default_route() -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message
}

fn on_link(route: &RouteMessage) -> Option<Ipv4Subnet> {
    let prefix = route.header.destination_prefix_length;
    let address = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(address)) => Some(*address),
        _ => None,
    })?;
    let on_link = route.header.scope == RouteScope::Link && (1..=32).contains(&prefix);
    on_link.then_some(Ipv4Subnet::containing(address, prefix))
}

fn interface(route: &RouteMessage) -> Option<u32> {
    route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Oif(index) => Some(*index),
        _ => None,
    })
}
