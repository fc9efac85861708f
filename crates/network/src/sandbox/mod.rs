//! A sandbox: one container's network namespace with everything in it, ready before the container starts.
//!
//! It is made of endpoints (an interface and an address on one network each), a default route and a resolver at
//! 127.0.0.11. Dropping it stops the resolver and touches nothing else, because the container may outlive this process;
//! [`Sandbox::remove`] gives the addresses back, and the kernel removes the interfaces with the namespace.

mod endpoint;
mod prepare;
mod wiring;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

pub use endpoint::{Endpoint, EndpointSpec, Link};
use endpoint::{Identity, preference};
use prepare::{Prepared, interface_name, ordered, usable_network};
use wharf_container::namespace::{in_network_namespace, in_new_network_namespace};
use wiring::Wiring;

use crate::dns::{Resolver, ResolverSockets, View, ViewNetwork};
use crate::error::{NetworkError, Result};
use crate::networks::Networks;
use crate::resolv_conf::{DnsSettings, ResolvConf};

/// What a sandbox is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SandboxSpec {
    /// 64 hexadecimal digits.
    pub container_id: String,
    /// Without a slash.
    pub container_name: String,
    /// The container's hostname, which is also one of its names.
    pub hostname: String,
    /// One per network; none leaves only loopback. The network `none` counts for nothing, `host` is refused.
    pub endpoints: Vec<EndpointSpec>,
    /// The container's own resolver settings.
    pub dns: DnsSettings,
}

/// The network namespace of one container.
#[derive(Debug)]
pub struct Sandbox {
    networks: Networks,
    namespace: Arc<OwnedFd>,
    identity: Identity,
    dns: DnsSettings,
    endpoints: Vec<Endpoint>,
    resolver: Option<Resolver>,
}

impl Sandbox {
    /// Makes a namespace with all endpoints up, names known and the resolver answering. After an error nothing is left.
    ///
    /// # Errors
    /// A network does not exist, an address is taken, the kernel refuses.
    pub fn create(networks: &Networks, spec: &SandboxSpec) -> Result<Self> {
        let identity = identity(spec);
        let mut prepared = Prepared::new(networks, &identity);
        for (network, endpoint, interface) in ordered(networks, spec)? {
            prepared.add(&network, endpoint, interface)?;
        }
        let mut wiring = Wiring::open()?;
        let connections = &prepared.connections;
        let (namespace, resolver) = in_new_network_namespace(|namespace| {
            wiring.wire(&namespace, connections)?;
            Ok((namespace, open_resolver(connections.iter().map(|connection| &connection.endpoint))?))
        })
        .map_err(NetworkError::kernel("make a network namespace"))??;
        let endpoints = prepared.finish();
        Ok(Self::assemble(networks, spec, identity, namespace, endpoints, resolver))
    }

    /// Takes over the sandbox of a running container, after a restart of this process. The resolver's sockets are
    /// opened anew; interfaces and addresses stay as they are.
    ///
    /// # Errors
    /// The container has no address on a network of `spec`; the kernel refuses.
    pub fn attach(networks: &Networks, spec: &SandboxSpec, namespace: OwnedFd) -> Result<Self> {
        let identity = identity(spec);
        let mut endpoints = Vec::new();
        for (network, endpoint, _) in ordered(networks, spec)? {
            networks.ensure_bridge(&network.id)?;
            let lease = networks.lease_of(&network.id, &identity.container_id).ok_or_else(|| {
                let container = identity.container_id.clone();
                NetworkError::NotConnected { container, network: network.name.clone() }
            })?;
            endpoints.push(Endpoint::new(&identity, endpoint, &network, lease));
        }
        let resolver = in_network_namespace(namespace.as_fd(), || open_resolver(endpoints.iter()))
            .map_err(NetworkError::kernel("enter a network namespace"))??;
        Ok(Self::assemble(networks, spec, identity, namespace, endpoints, resolver))
    }

    /// The namespace, for launching the container in it and for containers that share it.
    pub fn namespace(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }

    /// The endpoints; the first one with a gateway has the default route.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The endpoint that the default route goes by, whose address published ports lead to (contract 3.5.8).
    pub fn gateway_endpoint(&self) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.gateway.is_some())
    }

    /// The text of the container's `/etc/resolv.conf`.
    pub fn resolv_conf(&self) -> String {
        let merged = host_resolv_conf(&self.networks).with(&self.dns);
        match self.resolver {
            Some(_) => merged.for_embedded_resolver(self.dns.servers.is_empty()),
            None => merged.for_default_bridge(),
        }
    }

    /// Connects the running container to a further network.
    ///
    /// # Errors
    /// As [`Sandbox::create`], or it is connected already. After an error nothing has changed.
    pub fn connect(&mut self, spec: &EndpointSpec) -> Result<&Endpoint> {
        let network = usable_network(&self.networks, spec)?;
        let network = network.ok_or_else(|| {
            NetworkError::invalid(&spec.network, "a running container cannot be connected to it")
        })?;
        let interface = interface_name(&network, spec, |name| {
            self.endpoints.iter().all(|endpoint| endpoint.interface != name)
        })?;
        let mut prepared = Prepared::new(&self.networks, &self.identity);
        prepared.add(&network, spec, interface)?;
        let (mut wiring, namespace) = (Wiring::open()?, self.namespace.clone());
        let connections = &prepared.connections;
        in_network_namespace(self.namespace.as_fd(), || wiring.connect(&namespace, connections))
            .map_err(NetworkError::kernel("enter a network namespace"))??;
        let added = prepared.finish();
        let id = added.first().map(|endpoint| endpoint.id.clone()).unwrap_or_default();
        self.endpoints.extend(added);
        self.endpoints_changed()?;
        let added = self.endpoints.iter().find(|endpoint| endpoint.id == id);
        added.ok_or_else(|| self.not_connected(&network.name))
    }

    /// Disconnects the running container from a network.
    ///
    /// # Errors
    /// It is not connected; the kernel refuses.
    pub fn disconnect(&mut self, network: &str) -> Result<()> {
        let network = self.networks.inspect(network)?;
        let place = self.endpoints.iter().position(|endpoint| endpoint.network_id == network.id);
        let place = place.ok_or_else(|| self.not_connected(&network.name))?;
        let interface = self.endpoints[place].interface.clone();
        in_network_namespace(self.namespace.as_fd(), || wiring::remove_interface(&interface))
            .map_err(NetworkError::kernel("enter a network namespace"))??;
        let endpoint = self.endpoints.remove(place);
        self.networks.names().remove(&endpoint.network_id, endpoint.address);
        self.networks.release(&endpoint.network_id, &self.identity.container_id)?;
        self.endpoints_changed()
    }

    /// Ends the sandbox of a container that has stopped: its names and addresses are free again at once.
    ///
    /// # Errors
    /// A state file cannot be written. The other addresses are given back all the same.
    pub fn remove(self) -> Result<()> {
        // Processes may still hold the namespace open; it must not answer for addresses that others get.
        let silenced = in_network_namespace(self.namespace.as_fd(), || wiring::silence(&self.endpoints));
        let silenced = silenced.map_err(NetworkError::kernel("enter a network namespace")).flatten();
        self.endpoints.iter().fold(silenced, |result, endpoint| {
            self.networks.names().remove(&endpoint.network_id, endpoint.address);
            let released = self.networks.release(&endpoint.network_id, &self.identity.container_id);
            result.and(released.map(|_| ()))
        })
    }

    fn assemble(
        networks: &Networks,
        spec: &SandboxSpec,
        identity: Identity,
        namespace: OwnedFd,
        endpoints: Vec<Endpoint>,
        sockets: Option<ResolverSockets>,
    ) -> Self {
        let namespace = Arc::new(namespace);
        for endpoint in &endpoints {
            publish_names(networks, endpoint);
        }
        let view = view(networks, &endpoints, &spec.dns, &namespace);
        let resolver = sockets.map(|sockets| {
            Resolver::start(&networks.config().runtime, sockets, networks.names().clone(), view)
        });
        let (networks, dns) = (networks.clone(), spec.dns.clone());
        Self { networks, namespace, identity, dns, endpoints, resolver }
    }

    /// Puts the endpoints in order of preference, and route and names with them.
    fn endpoints_changed(&mut self) -> Result<()> {
        self.endpoints.sort_by_key(|endpoint| {
            preference(endpoint.gateway_priority, endpoint.gateway.is_none(), &endpoint.network_name)
        });
        for endpoint in &self.endpoints {
            publish_names(&self.networks, endpoint);
        }
        if let Some(resolver) = &self.resolver {
            resolver.set_view(view(&self.networks, &self.endpoints, &self.dns, &self.namespace));
        }
        let gateway = self.gateway_endpoint().and_then(|endpoint| endpoint.gateway);
        in_network_namespace(self.namespace.as_fd(), || wiring::set_gateway(gateway))
            .map_err(NetworkError::kernel("enter a network namespace"))?
    }

    fn not_connected(&self, network: &str) -> NetworkError {
        let container = self.identity.container_id.clone();
        NetworkError::NotConnected { container, network: network.to_owned() }
    }
}

fn identity(spec: &SandboxSpec) -> Identity {
    Identity {
        container_id: spec.container_id.clone(),
        container_name: spec.container_name.clone(),
        hostname: spec.hostname.clone(),
    }
}

/// Opens the resolver's sockets in the calling thread's namespace, unless only the default bridge is there.
fn open_resolver<'a>(mut endpoints: impl Iterator<Item = &'a Endpoint>) -> Result<Option<ResolverSockets>> {
    if endpoints.all(|endpoint| endpoint.on_default_bridge) {
        return Ok(None);
    }
    ResolverSockets::open().map(Some).map_err(NetworkError::kernel("open the resolver at 127.0.0.11"))
}

fn publish_names(networks: &Networks, endpoint: &Endpoint) {
    if !endpoint.on_default_bridge {
        networks.names().add(&endpoint.network_id, &endpoint.network_name, endpoint.address, &endpoint.names);
    }
}

fn view(networks: &Networks, endpoints: &[Endpoint], dns: &DnsSettings, namespace: &Arc<OwnedFd>) -> View {
    let named = endpoints.iter().filter(|endpoint| !endpoint.on_default_bridge);
    let view_networks = named.map(|endpoint| ViewNetwork {
        id: endpoint.network_id.clone(),
        name: endpoint.network_name.to_lowercase(),
        links: endpoint
            .links
            .iter()
            .map(|link| (link.alias.to_lowercase(), link.container.to_lowercase()))
            .collect(),
    });
    let may_leave = endpoints.iter().any(|endpoint| endpoint.gateway.is_some());
    View::new(view_networks.collect(), &host_resolv_conf(networks), dns, may_leave, namespace.clone())
}

/// An unreadable file is an empty one, as the C library takes it.
fn host_resolv_conf(networks: &Networks) -> ResolvConf {
    ResolvConf::parse(&std::fs::read_to_string(&networks.config().host_resolv_conf).unwrap_or_default())
}
