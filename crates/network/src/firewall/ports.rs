//! The rules of published ports: one chain each, found by a map, so that a change touches only its own port.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::chains::{ANY_ADDRESS, ONE_ADDRESS};
use crate::netfilter::{Batch, Map, Protocol, Rule, Verdict};

/// An IPv4 address and port of the host that containers are reached at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PublishedPort {
    pub(crate) protocol: Protocol,
    /// `0.0.0.0` means every address of the host.
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
}

impl PublishedPort {
    /// `port-tcp-127.0.0.1-8080`.
    fn chain(self) -> String {
        format!("port-{}-{}-{}", self.protocol.name(), self.address, self.port)
    }

    /// Reads the name of a chain back.
    pub(super) fn of_chain(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("port-")?.split('-');
        let protocol = match parts.next()? {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        Some(Self { protocol, address: parts.next()?.parse().ok()?, port: parts.next()?.parse().ok()? })
    }

    fn map_and_key(self) -> (Map, Vec<u8>) {
        if self.address.is_unspecified() {
            (ANY_ADDRESS, Map::port_key(self.protocol, self.port))
        } else {
            (ONE_ADDRESS, Map::address_and_port_key(self.address, self.protocol, self.port))
        }
    }
}

/// Makes or renews a port's chain.
pub(super) fn write(batch: &mut Batch<'_>, port: PublishedPort, backends: &[SocketAddrV4]) {
    let chain = port.chain();
    batch.ensure_chain(&chain);
    batch.flush_chain(&chain);
    match backends {
        [] => {}
        [one] => batch.append_rule(&chain, Rule::new().rewrite_destination(*one)),
        several => write_turns(batch, &chain, several),
    }
    let (map, key) = port.map_and_key();
    batch.add_entries(&map, &[(key, Map::verdict(&Verdict::Goto(chain)))]);
}

/// Every new connection takes the next backend, so that they are hit evenly.
fn write_turns(batch: &mut Batch<'_>, chain: &str, backends: &[SocketAddrV4]) {
    let (map, entries) = batch.backend_map(backends);
    let count = u32::try_from(backends.len()).unwrap_or(u32::MAX);
    batch.ensure_map(&map);
    batch.add_entries(&map, &entries);
    batch.append_rule(chain, Rule::new().rewrite_destination_in_turn(&map, count));
}

/// Removes a port that is there.
pub(super) fn remove(batch: &mut Batch<'_>, port: PublishedPort) {
    let (map, key) = port.map_and_key();
    batch.delete_key(&map, &key);
    batch.delete_chain(&port.chain());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_names_are_read_back() {
        let port = PublishedPort { protocol: Protocol::Udp, address: Ipv4Addr::LOCALHOST, port: 53 };
        assert_eq!(port.chain(), "port-udp-127.0.0.1-53");
        assert_eq!(PublishedPort::of_chain(&port.chain()), Some(port));
        for other in ["forward", "port-sctp-0.0.0.0-1", "port-tcp-0.0.0.0", "port-tcp-x-1"] {
            assert_eq!(PublishedPort::of_chain(other), None);
        }
    }
}
