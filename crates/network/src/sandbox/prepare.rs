//! From what a container asks for to endpoints with addresses, before anything is wired.

use super::SandboxSpec;
use super::endpoint::{Endpoint, EndpointSpec, Identity, preference};
use super::wiring::Connection;
use crate::error::{NetworkError, Result};
use crate::networks::{Driver, LeaseRequest, Network, Networks, is_interface_name};

/// Addresses that are taken but not yet used; they are given back unless [`Prepared::finish`] is reached.
pub(super) struct Prepared<'a> {
    networks: &'a Networks,
    identity: &'a Identity,
    pub(super) connections: Vec<Connection>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(networks: &'a Networks, identity: &'a Identity) -> Self {
        Self { networks, identity, connections: Vec::new() }
    }

    /// Makes sure of the network's bridge and takes an address.
    pub(super) fn add(&mut self, network: &Network, spec: &EndpointSpec, interface: String) -> Result<()> {
        // The network may have moved to another subnet.
        let (network, bridge) = self.networks.ensure_bridge(&network.id)?;
        let Some(bridge) = bridge else { return Ok(()) };
        let request = LeaseRequest {
            container_id: &self.identity.container_id,
            container_name: &self.identity.container_name,
            address: spec.ipv4_address,
            mac: spec.mac_address,
            interface: &interface,
        };
        let lease = self.networks.acquire(&network.id, &request)?;
        let endpoint = Endpoint::new(self.identity, spec, &network, lease);
        self.connections.push(Connection { endpoint, bridge });
        Ok(())
    }

    /// The endpoints, whose addresses are in use from now on.
    pub(super) fn finish(mut self) -> Vec<Endpoint> {
        std::mem::take(&mut self.connections).into_iter().map(|connection| connection.endpoint).collect()
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        for connection in &self.connections {
            // The error that led here is the one to report; a stale address ends at the next start of the engine.
            let _ = self.networks.release(&connection.endpoint.network_id, &self.identity.container_id);
        }
    }
}

/// The endpoints asked for in order of preference, each with its network and the name of its interface.
pub(super) fn ordered<'a>(
    networks: &Networks,
    spec: &'a SandboxSpec,
) -> Result<Vec<(Network, &'a EndpointSpec, String)>> {
    let mut wanted = Vec::new();
    for endpoint in &spec.endpoints {
        wanted.extend(usable_network(networks, endpoint)?.map(|network| (network, endpoint)));
    }
    wanted.sort_by_key(|(network, endpoint)| {
        preference(endpoint.gateway_priority, network.internal, &network.name)
    });
    let mut taken: Vec<String> =
        wanted.iter().filter_map(|(_, endpoint)| endpoint.interface.clone()).collect();
    let mut ordered = Vec::new();
    for (network, endpoint) in wanted {
        let interface = interface_name(&network, endpoint, |name| !taken.iter().any(|used| used == name))?;
        taken.push(interface.clone());
        ordered.push((network, endpoint, interface));
    }
    Ok(ordered)
}

/// The network of an endpoint; none for the network `none`.
pub(super) fn usable_network(networks: &Networks, spec: &EndpointSpec) -> Result<Option<Network>> {
    let network = networks.inspect(&spec.network)?;
    match network.driver {
        Driver::Bridge => Ok(Some(network)),
        Driver::Null => Ok(None),
        Driver::Host => {
            Err(NetworkError::invalid(&network.name, "it cannot be combined with other networks"))
        }
    }
}

/// The name of an endpoint's interface: as asked for, or the first number that is free.
pub(super) fn interface_name(
    network: &Network,
    spec: &EndpointSpec,
    is_free: impl Fn(&str) -> bool,
) -> Result<String> {
    match &spec.interface {
        Some(name) if is_interface_name(name, 15) => Ok(name.clone()),
        Some(name) => Err(NetworkError::invalid(&network.name, format!("{name:?} is not an interface name"))),
        None => {
            let mut names = (0u32..).map(|number| format!("{}{number}", network.interface_prefix()));
            let name = names.find(|name| is_free(name));
            name.ok_or_else(|| NetworkError::invalid(&network.name, "no interface name is left"))
        }
    }
}
