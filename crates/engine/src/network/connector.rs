//! Connecting containers: from a record to a ready network namespace with published ports, and back.
//!
//! The calls that ask the kernel run on blocking threads.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::Semaphore;
use wharf_network::{
    Addressing, DEFAULT_BRIDGE, DnsSettings, EndpointSpec, Networks, NetworksConfig, PortKey, PortMapper,
    SandboxSpec,
};

use super::balance::{Balancer, Claim, Readiness};
use super::publish::{Group, Publication, publications};
use super::sandbox::Sandbox;
use super::{endpoint, publish_event};
use crate::container::record::Record;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::health::HealthStatus;
use crate::paths::EnginePaths;
use crate::process::Processes;

/// The host's resolver configuration.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// All networks and published ports of the engine.
pub struct Connector {
    pub(super) networks: Networks,
    pub(super) balancer: Balancer,
    /// One permit per CPU for those who make network namespaces: the kernel makes devices one at a time, and more threads
    /// would only get in each other's way at its lock.
    making: Semaphore,
}

impl Connector {
    /// Opens the networks. Must be called inside the runtime that will serve names and forwarded connections.
    ///
    /// # Errors
    /// A state file cannot be read.
    pub fn open_all(paths: &EnginePaths) -> Result<Connector> {
        let networks = Networks::open(NetworksConfig {
            root: paths.networks(),
            table: paths.name(),
            host_resolv_conf: RESOLV_CONF.into(),
            runtime: tokio::runtime::Handle::current(),
        })?;
        let balancer = Balancer::new(PortMapper::new(&networks));
        let making = Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get));
        Ok(Connector { networks, balancer, making })
    }

    /// The networks.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// The name of a network by its id, name or unique id prefix.
    ///
    /// # Errors
    /// There is none.
    pub fn network_name(&self, reference: &str) -> Result<String> {
        Ok(self.networks.inspect(reference)?.name)
    }

    /// What `host-gateway` means (contract 1.2.7): the shared bridge's own address.
    pub fn host_gateway(&self) -> Option<Ipv4Addr> {
        let bridge = self.networks.inspect(DEFAULT_BRIDGE).ok()?;
        bridge.addressing.map(|addressing: Addressing| addressing.gateway)
    }

    /// Builds the network of a container that is about to start; `None` on the host's network. After an error nothing is left.
    ///
    /// # Errors
    /// A network does not exist, an address or a port is taken.
    pub async fn open(
        &self,
        core: &Arc<Core>,
        record: &Arc<Record>,
        hostname: &str,
    ) -> Result<Option<Arc<Sandbox>>> {
        if record.host_config.network_mode == "host" {
            return Ok(None);
        }
        let spec = sandbox_spec(record, hostname)?;
        let (owned, owned_record) = (core.clone(), record.clone());
        // It is never closed.
        let _turn = self.making.acquire().await.map_err(|error| Error::Internal(error.to_string()))?;
        let sandbox = blocking(move || {
            let connector = &owned.connector;
            let inner = wharf_network::Sandbox::create(&connector.networks, &spec)?;
            connector.publish(&owned.processes, &owned_record, inner)
        })
        .await?;
        announce(core, record, &sandbox, "connect");
        Ok(Some(sandbox))
    }

    fn publish(
        &self,
        processes: &Processes,
        record: &Record,
        inner: wharf_network::Sandbox,
    ) -> Result<Arc<Sandbox>> {
        let published = match address_of(&inner) {
            Some(address) => self.reserve(processes, record, address),
            None => Ok(Vec::new()),
        };
        match published {
            Ok(published) => Ok(Arc::new(Sandbox::new(&record.id, inner, published)?)),
            Err(error) => {
                if let Err(error) = inner.remove() {
                    tracing::warn!(%error, "the network of a failed start is left");
                }
                Err(error)
            }
        }
    }

    fn reserve(
        &self,
        processes: &Processes,
        record: &Record,
        address: Ipv4Addr,
    ) -> Result<Vec<(String, PortKey)>> {
        let mut all: Vec<(String, PortKey)> = Vec::new();
        for publication in publications(&record.config, &record.host_config)? {
            match self.reserve_one(processes, record, address, &publication) {
                Ok(keys) => all.extend(keys.into_iter().map(|key| (publication.name(), key))),
                Err(error) => {
                    let keys: Vec<_> = all.iter().map(|(_, key)| *key).collect();
                    self.withdraw(processes, &record.id, &keys);
                    return Err(error);
                }
            }
        }
        Ok(all)
    }

    fn reserve_one(
        &self,
        processes: &Processes,
        record: &Record,
        address: Ipv4Addr,
        publication: &Publication,
    ) -> Result<Vec<PortKey>> {
        let claim = claim(record, address, publication);
        let failed = |source| Error::Port { container: record.name.clone(), source: Box::new(source) };
        let published = self.balancer.publish(&claim, &publication.request).map_err(failed)?;
        published.new.iter().try_for_each(|key| self.hold(processes, record, *key))?;
        Ok(published.keys)
    }

    /// Has the monitor keep the socket of a port too, for the next worker.
    pub(super) fn hold(&self, processes: &Processes, record: &Record, key: PortKey) -> Result<()> {
        let failed = |source| Error::Port { container: record.name.clone(), source: Box::new(source) };
        let socket = self.balancer.ports().socket(key).map_err(failed)?;
        processes.hold(&key.to_string(), socket).map_err(Error::io("have the monitor hold", key.to_string()))
    }

    /// Ends the network of a container that has stopped.
    pub async fn close(&self, core: &Arc<Core>, record: &Record, sandbox: &Arc<Sandbox>) {
        announce(core, record, sandbox, "disconnect");
        let (owned, sandbox) = (core.clone(), sandbox.clone());
        let closed = blocking(move || {
            let connector = &owned.connector;
            connector.withdraw(&owned.processes, sandbox.container(), &sandbox.keys());
            connector.balance(&owned, &sandbox.keys())?;
            sandbox.take().map_or(Ok(()), |inner| Ok(inner.remove()?))
        });
        if let Err(error) = closed.await {
            tracing::warn!(error = error.message(), "the network of a container is left");
        }
    }

    fn withdraw(&self, processes: &Processes, container: &str, keys: &[PortKey]) {
        let (released, result) = self.balancer.withdraw(container, keys);
        if let Err(error) = result {
            tracing::warn!(%error, "a published port is left");
        }
        for key in released {
            // A monitor that is gone holds nothing.
            let _ = processes.release(&key.to_string());
        }
    }

    /// No new connections for a container that is about to get its stop signal.
    pub async fn leave_balancing(&self, core: &Arc<Core>, sandbox: &Arc<Sandbox>) {
        self.balancer.leave(sandbox.container());
        self.rebalance(core, sandbox).await;
    }

    /// Whether others serve the ports of a container that has left the balance.
    pub fn others_serve(&self, keys: &[PortKey]) -> bool {
        self.balancer.is_served(keys)
    }

    /// A container's readiness has changed: connections go where they belong now.
    pub async fn rebalance(&self, core: &Arc<Core>, sandbox: &Arc<Sandbox>) {
        let keys = sandbox.keys();
        if keys.is_empty() {
            return;
        }
        let core = core.clone();
        if let Err(error) = blocking(move || core.connector.balance(&core, &keys)).await {
            tracing::warn!(error = error.message(), "connections are not balanced");
        }
    }

    pub(super) fn balance(&self, core: &Core, keys: &[PortKey]) -> Result<()> {
        let balanced = self.balancer.balance(keys, |id| readiness(core, id));
        balanced.map_err(|source| Error::Internal(crate::error::chain(&source)))
    }

    /// The container's networks have changed while it runs: its published ports follow its address.
    pub async fn follow(&self, core: &Arc<Core>, sandbox: &Arc<Sandbox>) {
        if let Some(address) = sandbox.address() {
            self.balancer.move_to(sandbox.container(), address);
            self.rebalance(core, sandbox).await;
        }
    }

    /// The engine ends and no container runs: bridges and rules go, and come back with the next container.
    pub fn close_down(&self) {
        if let Err(error) = self.networks.close_down() {
            tracing::warn!(%error, "bridges or firewall rules are left");
        }
    }
}

pub(super) fn sandbox_spec(record: &Record, hostname: &str) -> Result<SandboxSpec> {
    let endpoints: Result<Vec<EndpointSpec>> =
        record.endpoints.iter().map(|(network, settings)| endpoint::spec(network, settings)).collect();
    Ok(SandboxSpec {
        container_id: record.id.clone(),
        container_name: record.name.clone(),
        hostname: hostname.to_owned(),
        endpoints: endpoints?,
        dns: dns_settings(record)?,
    })
}

/// A container's own resolver settings.
///
/// # Errors
/// A server that is no address.
pub fn dns_settings(record: &Record) -> Result<DnsSettings> {
    let host = &record.host_config;
    let servers = host.dns.iter().map(|text| {
        text.parse().map_err(|_| Error::BadParameter(format!("bad parameter: invalid DNS address: {text:?}")))
    });
    Ok(DnsSettings {
        servers: servers.collect::<Result<_>>()?,
        search: host.dns_search.clone(),
        options: host.dns_options.clone(),
    })
}

pub(super) fn claim<'a>(record: &'a Record, address: Ipv4Addr, publication: &Publication) -> Claim<'a> {
    Claim {
        container: &record.id,
        group: Group::of(&record.requested_labels()),
        backend: SocketAddrV4::new(address, publication.container_port),
    }
}

pub(super) fn address_of(inner: &wharf_network::Sandbox) -> Option<Ipv4Addr> {
    inner.gateway_endpoint().map(|endpoint| endpoint.address)
}

/// By the verdict of the last probe, which the state shows only when connections follow it already.
fn readiness(core: &Core, id: &str) -> Readiness {
    let container = core.containers.get(id).ok().filter(|container| container.status().has_process());
    let Some(container) = container else { return Readiness::Gone };
    let run = container.run();
    let listens = run.as_ref().is_some_and(|run| run.listens.load(Ordering::Acquire));
    match run.and_then(|run| run.health_status()).or(container.state().health) {
        None if listens => Readiness::Ready,
        None => Readiness::Starting,
        Some(HealthStatus::Healthy) => Readiness::Ready,
        Some(HealthStatus::Starting) => Readiness::Starting,
        Some(HealthStatus::Unhealthy) => Readiness::Unhealthy,
    }
}

fn announce(core: &Core, record: &Record, sandbox: &Sandbox, action: &str) {
    for (name, endpoint) in sandbox.networks(record) {
        publish_event(&core.events, action, &endpoint.network_id, &name, Some(&record.id));
    }
}
