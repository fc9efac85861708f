//! Networks: their state on disk, their addresses, their bridges.
//!
//! One [`Networks`] per engine. Its calls block for as long as the kernel needs (well under a millisecond, a few for
//! making or removing a bridge) and must be made from threads in the host's network namespace.

mod addressing;
mod bridge;
mod leases;
mod network;
mod options;
mod pools;
mod registry;
mod store;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use bridge::{Bridge, interface_setting, write_interface_setting};
pub use leases::Lease;
pub(crate) use leases::LeaseRequest;
pub use network::{Addressing, Driver, Ipam, IpamPool, Network, NetworkSpec};
pub(crate) use options::is_interface_name;

use crate::dns::Names;
use crate::error::{NetworkError, Result};
use crate::firewall::{Firewall, Watch};
use crate::resolv_conf::ResolvConf;
use registry::Registry;

/// The shared network of containers that name none (contract 3.2.7).
pub const DEFAULT_BRIDGE: &str = "bridge";
/// Networks that always exist.
pub const PREDEFINED: [&str; 3] = [DEFAULT_BRIDGE, "host", "none"];

/// Where the networks of one engine are.
#[derive(Debug, Clone)]
pub struct NetworksConfig {
    /// Directory of the state files.
    pub root: PathBuf,
    /// Name of the nf_tables table. Two engines on one host have different ones.
    pub table: String,
    /// The host's resolver configuration, usually `/etc/resolv.conf`.
    pub host_resolv_conf: PathBuf,
    /// Runs the name resolution of containers and the forwarding of published ports.
    pub runtime: tokio::runtime::Handle,
}

/// All networks of one engine. Clones are the same networks.
#[derive(Debug, Clone)]
pub struct Networks {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: NetworksConfig,
    registry: Mutex<Registry>,
    firewall: Arc<Firewall>,
    names: Arc<Names>,
    /// Restores the firewall's table for as long as there are networks.
    _watch: Watch,
}

impl Networks {
    /// Reads the state and makes the predefined networks on the first start. The kernel is not changed.
    ///
    /// # Errors
    /// A state file cannot be read or written; no netlink socket.
    pub fn open(config: NetworksConfig) -> Result<Self> {
        let firewall =
            Firewall::open(&config.table).map_err(NetworkError::kernel("open a netfilter socket"))?;
        let firewall = Arc::new(firewall);
        let watch = Watch::start(&config.runtime, &firewall)
            .map_err(NetworkError::kernel("listen for changes of the firewall"))?;
        let mut registry = Registry::open(config.root.clone())?;
        registry.add_predefined(&host_name_servers(&config))?;
        let shared =
            Shared { config, registry: Mutex::new(registry), firewall, names: Arc::default(), _watch: watch };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Makes a network. Its bridge comes with the first container.
    ///
    /// # Errors
    /// The name is taken, predefined or not a name; a subnet overlaps; an option or IPv6 is not supported.
    pub fn create(&self, spec: NetworkSpec) -> Result<Network> {
        let servers = host_name_servers(&self.shared.config);
        self.registry().create(spec, &servers)
    }

    /// All networks, by name.
    pub fn list(&self) -> Vec<Network> {
        self.registry().list()
    }

    /// The network with this id, name or unique id prefix, in this order of preference.
    ///
    /// # Errors
    /// [`NetworkError::NotFound`].
    pub fn inspect(&self, reference: &str) -> Result<Network> {
        self.registry().find(reference)
    }

    /// The addresses in use on a network, lowest first.
    ///
    /// # Errors
    /// [`NetworkError::NotFound`].
    pub fn leases(&self, reference: &str) -> Result<Vec<Lease>> {
        self.registry().active_leases(reference)
    }

    /// Removes a network with its bridge, rules and remembered addresses.
    ///
    /// # Errors
    /// Not found, predefined, or a container is connected (contract 3.7.4).
    pub fn remove(&self, reference: &str) -> Result<()> {
        self.registry().remove(reference, &self.shared.firewall)
    }

    /// Ends the leases of containers that do not run any more; for the start of a worker.
    ///
    /// # Errors
    /// A state file cannot be written.
    pub fn release_stale(&self, is_running: impl Fn(&str) -> bool) -> Result<()> {
        self.registry().release_stale(is_running)
    }

    /// Removes bridges without containers and, when none is left, the firewall's table: for the end of an engine.
    /// Everything comes back with the next container.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn close_down(&self) -> Result<()> {
        self.registry().close_down(&self.shared.firewall)
    }

    pub(crate) fn firewall(&self) -> &Arc<Firewall> {
        &self.shared.firewall
    }

    pub(crate) fn names(&self) -> &Arc<Names> {
        &self.shared.names
    }

    pub(crate) fn config(&self) -> &NetworksConfig {
        &self.shared.config
    }

    pub(crate) fn ensure_bridge(&self, network_id: &str) -> Result<(Network, Option<Bridge>)> {
        let servers = host_name_servers(&self.shared.config);
        self.registry().ensure_bridge(network_id, &servers, &self.shared.firewall)
    }

    pub(crate) fn acquire(&self, network_id: &str, request: &LeaseRequest<'_>) -> Result<Lease> {
        self.registry().acquire(network_id, request)
    }

    pub(crate) fn release(&self, network_id: &str, container_id: &str) -> Result<Option<Lease>> {
        self.registry().release(network_id, container_id)
    }

    pub(crate) fn lease_of(&self, network_id: &str, container_id: &str) -> Option<Lease> {
        self.registry().lease_of(network_id, container_id)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.shared.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine's own choice of a subnet stays clear of them (contract 3.1.2). An unreadable file has none.
fn host_name_servers(config: &NetworksConfig) -> Vec<Ipv4Addr> {
    let text = std::fs::read_to_string(&config.host_resolv_conf).unwrap_or_default();
    let servers = ResolvConf::parse(&text).servers;
    servers
        .into_iter()
        .filter_map(|server| match server {
            IpAddr::V4(address) if !address.is_loopback() => Some(address),
            _ => None,
        })
        .collect()
}
