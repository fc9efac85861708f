//! A container's attachment to one network: what is asked for, and what became of it.

use std::net::Ipv4Addr;

use crate::mac_address::MacAddress;
use crate::networks::{Lease, Network};

/// What a container asks of one network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSpec {
    /// Id, name or unique id prefix of the network.
    pub network: String,
    /// A static address; none takes the remembered or the lowest free one.
    pub ipv4_address: Option<Ipv4Addr>,
    /// None derives one from the address.
    pub mac_address: Option<MacAddress>,
    /// Further names on this network.
    pub aliases: Vec<String>,
    /// Names that only this container sees.
    pub links: Vec<Link>,
    /// The highest one becomes the default route (contract 3.7.1).
    pub gateway_priority: i64,
    /// Name of the interface in the container; none numbers them.
    pub interface: Option<String>,
}

/// A name for another container that only one container sees (contract 1.14.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// A name of the other container on the same network.
    pub container: String,
    /// What it is called here.
    pub alias: String,
}

/// A container's working attachment to a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// 64 hexadecimal digits, new at every start.
    pub id: String,
    /// The network's id.
    pub network_id: String,
    /// The network's name.
    pub network_name: String,
    /// Name of the interface in the container.
    pub interface: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Bits of the network's prefix.
    pub prefix: u8,
    /// Its hardware address.
    pub mac: MacAddress,
    /// The bridge's address; none on an internal network.
    pub gateway: Option<Ipv4Addr>,
    /// As asked for.
    pub gateway_priority: i64,
    /// What other containers call it, the name for reverse lookups first (contract 3.6.2).
    pub names: Vec<String>,
    /// As asked for.
    pub links: Vec<Link>,
    /// The shared `bridge` network, which has no name resolution.
    pub on_default_bridge: bool,
}

/// The names of a container that do not depend on the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) container_id: String,
    pub(super) container_name: String,
    pub(super) hostname: String,
}

impl Endpoint {
    pub(super) fn new(identity: &Identity, spec: &EndpointSpec, network: &Network, lease: Lease) -> Self {
        let addressing = network.addressing.as_ref();
        let gateway = addressing.filter(|_| !network.internal).map(|addressing| addressing.gateway);
        Self {
            id: lease.endpoint_id,
            network_id: network.id.clone(),
            network_name: network.name.clone(),
            interface: lease.interface,
            address: lease.address,
            prefix: addressing.map_or(32, |addressing| addressing.subnet.prefix()),
            mac: lease.mac,
            gateway,
            gateway_priority: spec.gateway_priority,
            names: identity.names(&spec.aliases),
            links: spec.links.clone(),
            on_default_bridge: network.is_default_bridge(),
        }
    }
}

impl Identity {
    fn names(&self, aliases: &[String]) -> Vec<String> {
        let short_id: String = self.container_id.chars().take(12).collect();
        let mut names = Vec::new();
        let all = [&self.container_name].into_iter().chain(aliases).chain([&short_id, &self.hostname]);
        for name in all {
            if !name.is_empty() && !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// The order in which endpoints are preferred for the default route and get their interface's number
/// (contract 3.7.1): priority, a way out, the network's name.
pub(super) fn preference(priority: i64, internal: bool, network: &str) -> impl Ord + use<> {
    (std::cmp::Reverse(priority), internal, network.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_unique() {
        let identity = Identity {
            container_id: "0123456789abcdef".into(),
            container_name: "shop-api-1".into(),
            hostname: "0123456789ab".into(),
        };
        assert_eq!(
            identity.names(&["api".into(), "shop-api-1".into()]),
            ["shop-api-1", "api", "0123456789ab"]
        );
    }

    #[test]
    fn the_default_route_follows_priority_then_a_way_out_then_the_name() {
        let mut networks = [(0, true, "a"), (0, false, "c"), (0, false, "b"), (5, true, "z")];
        networks.sort_by_key(|(priority, internal, name)| preference(*priority, *internal, name));
        assert_eq!(networks.map(|(_, _, name)| name), ["z", "b", "c", "a"]);
    }
}
