//! The networks in memory, each change written to disk before it is answered.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::SystemTime;

use super::addressing::{self, Taken};
use super::bridge::{self, Bridge};
use super::leases::{Lease, LeaseRequest, Leases};
use super::network::{Addressing, Driver, Network, NetworkSpec};
use super::store::Store;
use super::{PREDEFINED, options};
use crate::error::{NetworkError, Result};
use crate::firewall::{Firewall, NetworkRules};
use crate::identifier;
use crate::netlink::RouteSocket;
use crate::subnet::Ipv4Subnet;

/// State of all networks of an engine.
#[derive(Debug)]
pub(super) struct Registry {
    store: Store,
    /// By id.
    networks: BTreeMap<String, Entry>,
    socket: RouteSocket,
    /// Whether the firewall knows these networks.
    rules_applied: bool,
}

#[derive(Debug)]
struct Entry {
    network: Network,
    leases: Leases,
}

impl Registry {
    pub(super) fn open(root: PathBuf) -> Result<Self> {
        let store = Store::open(root)?;
        let entries = store.load()?.into_iter().map(|(network, leases)| {
            (network.id.clone(), Entry { network, leases: Leases::from_list(leases) })
        });
        let networks = entries.collect();
        let socket = RouteSocket::open().map_err(NetworkError::kernel("open a netlink socket"))?;
        Ok(Self { store, networks, socket, rules_applied: false })
    }

    pub(super) fn add_predefined(&mut self, name_servers: &[Ipv4Addr]) -> Result<()> {
        let drivers = ["bridge", "host", "null"];
        for (name, driver) in PREDEFINED.into_iter().zip(drivers) {
            if self.by_name(name).is_none() {
                let spec = NetworkSpec {
                    name: name.to_owned(),
                    driver: driver.to_owned(),
                    ..NetworkSpec::default()
                };
                self.add(spec, name_servers)?;
            }
        }
        Ok(())
    }

    pub(super) fn create(&mut self, spec: NetworkSpec, name_servers: &[Ipv4Addr]) -> Result<Network> {
        if PREDEFINED.contains(&spec.name.as_str()) || spec.name == "default" {
            return Err(NetworkError::Predefined(spec.name));
        }
        if self.by_name(&spec.name).is_some() {
            return Err(NetworkError::NameTaken(spec.name));
        }
        check(&spec)?;
        self.check_bridge_name(&spec)?;
        self.add(spec, name_servers)
    }

    /// The bridge is removed with its network, so it must not be somebody else's.
    fn check_bridge_name(&mut self, spec: &NetworkSpec) -> Result<()> {
        let Some(name) = options::bridge_name(spec) else { return Ok(()) };
        let present =
            self.socket.link(name).map_err(NetworkError::kernel(format!("look for the interface {name}")))?;
        let promised = self.networks.values().any(|entry| entry.network.bridge.as_ref() == Some(name));
        if present.is_some() || promised {
            return Err(NetworkError::invalid(&spec.name, format!("the interface {name} exists already")));
        }
        Ok(())
    }

    pub(super) fn list(&self) -> Vec<Network> {
        let mut networks: Vec<_> = self.networks.values().map(|entry| entry.network.clone()).collect();
        networks.sort_by(|one, other| one.name.cmp(&other.name));
        networks
    }

    pub(super) fn find(&self, reference: &str) -> Result<Network> {
        self.entry(reference).map(|entry| entry.network.clone())
    }

    pub(super) fn active_leases(&self, reference: &str) -> Result<Vec<Lease>> {
        self.entry(reference).map(|entry| entry.leases.active().cloned().collect())
    }

    pub(super) fn lease_of(&self, network_id: &str, container_id: &str) -> Option<Lease> {
        self.networks.get(network_id)?.leases.of_container(container_id).cloned()
    }

    pub(super) fn remove(&mut self, reference: &str, firewall: &Firewall) -> Result<()> {
        let entry = self.entry(reference)?;
        let network = entry.network.clone();
        if network.is_predefined() {
            return Err(NetworkError::Predefined(network.name));
        }
        let containers: Vec<_> = entry.leases.active().map(|lease| lease.container_name.clone()).collect();
        if !containers.is_empty() {
            return Err(NetworkError::ActiveEndpoints { network: network.name, containers });
        }
        if let Some(name) = &network.bridge {
            bridge::remove(&network, name)?;
        }
        self.store.remove(&network.id)?;
        self.networks.remove(&network.id);
        if self.rules_applied { self.apply_rules(firewall) } else { Ok(()) }
    }

    /// Makes sure of the bridge and the rules of a network. `host` and `none` have no bridge.
    pub(super) fn ensure_bridge(
        &mut self,
        network_id: &str,
        name_servers: &[Ipv4Addr],
        firewall: &Firewall,
    ) -> Result<(Network, Option<Bridge>)> {
        let network = self.find(network_id)?;
        let (Some(name), Some(addressing)) = (&network.bridge, &network.addressing) else {
            return Ok((network, None));
        };
        let present =
            self.socket.link(name).map_err(NetworkError::kernel(format!("look for the bridge {name}")))?;
        if present.is_none()
            && addressing.chosen_by_engine
            && self.move_to_free_subnet(&network, name_servers)?
        {
            return self.ensure_bridge(network_id, name_servers, firewall);
        }
        let (bridge, made) = bridge::ensure(&mut self.socket, &network, name, addressing, present)?;
        if made || !self.rules_applied {
            self.apply_rules(firewall)?;
        }
        Ok((network, Some(bridge)))
    }

    pub(super) fn acquire(&mut self, network_id: &str, request: &LeaseRequest<'_>) -> Result<Lease> {
        let entry = self.entry_mut(network_id)?;
        let Some(addressing) = &entry.network.addressing else {
            let reason = "containers get no address on it";
            return Err(NetworkError::invalid(&entry.network.name, reason));
        };
        let change = entry.leases.acquire(&entry.network, addressing, request)?;
        let saved = self.store.save_lease(network_id, &change);
        if saved.is_err() {
            self.entry_mut(network_id)?.leases.release(request.container_id);
        }
        saved.map(|()| change.lease)
    }

    pub(super) fn release(&mut self, network_id: &str, container_id: &str) -> Result<Option<Lease>> {
        let Some(change) = self.entry_mut(network_id)?.leases.release(container_id) else { return Ok(None) };
        self.store.end_lease(network_id, &change)?;
        Ok(Some(change.lease))
    }

    pub(super) fn release_stale(&mut self, is_running: impl Fn(&str) -> bool) -> Result<()> {
        let stale: Vec<_> = self
            .networks
            .values()
            .flat_map(|entry| entry.leases.active().map(|lease| (&entry.network.id, &lease.container_id)))
            .filter(|(_, container)| !is_running(container))
            .map(|(network, container)| (network.clone(), container.clone()))
            .collect();
        for (network, container) in stale {
            self.release(&network, &container)?;
        }
        Ok(())
    }

    pub(super) fn close_down(&mut self, firewall: &Firewall) -> Result<()> {
        let mut in_use = false;
        for entry in self.networks.values() {
            if entry.leases.active().next().is_some() {
                in_use = true;
            } else if let Some(name) = &entry.network.bridge {
                bridge::remove(&entry.network, name)?;
            }
        }
        if in_use {
            return Ok(());
        }
        self.rules_applied = false;
        firewall.remove().map_err(NetworkError::kernel("remove the firewall's table"))
    }

    fn add(&mut self, spec: NetworkSpec, name_servers: &[Ipv4Addr]) -> Result<Network> {
        let id = identifier::random()?;
        let driver = driver(&spec)?;
        let addressing = match driver {
            Driver::Bridge => Some(addressing::decide(&spec.name, &spec.ipam, &self.taken(name_servers)?)?),
            Driver::Host | Driver::Null => None,
        };
        let default_name = || format!("wh-{}", &id[..12]);
        let bridge =
            addressing.as_ref().map(|_| options::bridge_name(&spec).cloned().unwrap_or_else(default_name));
        let network = Network {
            name: spec.name,
            created: SystemTime::now(),
            driver,
            internal: spec.internal,
            attachable: spec.attachable,
            ipam: spec.ipam,
            options: spec.options,
            labels: spec.labels,
            addressing,
            bridge,
            id,
        };
        self.store.save_network(&network)?;
        self.rules_applied = false;
        self.networks
            .insert(network.id.clone(), Entry { network: network.clone(), leases: Leases::default() });
        Ok(network)
    }

    /// A subnet that was free when the engine picked it may be in use by now: by a VPN, or by another engine.
    fn move_to_free_subnet(&mut self, network: &Network, name_servers: &[Ipv4Addr]) -> Result<bool> {
        let mut taken = self.taken(name_servers)?;
        taken.networks.retain(|(_, name)| *name != network.name);
        let entry = self.entry(&network.id)?;
        let Some(Addressing { subnet, .. }) = &network.addressing else { return Ok(false) };
        let still_free = !taken.host.iter().any(|used| used.overlaps(*subnet));
        if still_free || entry.leases.active().next().is_some() {
            return Ok(false);
        }
        let addressing = addressing::choose_again(&network.name, &taken)?;
        let moved = Network { addressing: Some(addressing), ..network.clone() };
        self.store.save_network(&moved)?;
        self.store.remove_leases(&network.id)?;
        self.networks.insert(network.id.clone(), Entry { network: moved, leases: Leases::default() });
        self.rules_applied = false;
        Ok(true)
    }

    fn taken(&mut self, name_servers: &[Ipv4Addr]) -> Result<Taken> {
        let routes = self.socket.on_link_subnets().map_err(NetworkError::kernel("list the host's routes"))?;
        let servers = name_servers.iter().map(|server| Ipv4Subnet::containing(*server, 32));
        let networks = self.networks.values().filter_map(|entry| {
            Some((entry.network.addressing.as_ref()?.subnet, entry.network.name.clone()))
        });
        Ok(Taken { networks: networks.collect(), host: routes.into_iter().chain(servers).collect() })
    }

    fn apply_rules(&mut self, firewall: &Firewall) -> Result<()> {
        let rules: Vec<_> = self.networks.values().filter_map(|entry| rules(&entry.network)).collect();
        firewall.apply_networks(&rules).map_err(NetworkError::kernel("set the firewall's rules"))?;
        self.rules_applied = true;
        Ok(())
    }

    fn by_name(&self, name: &str) -> Option<&Entry> {
        self.networks.values().find(|entry| entry.network.name == name)
    }

    /// By id, then by name, then by a prefix of one id only (contract 3.7.4).
    fn entry(&self, reference: &str) -> Result<&Entry> {
        let by_prefix = || {
            let mut found = self.networks.values().filter(|entry| entry.network.id.starts_with(reference));
            found.next().filter(|_| !reference.is_empty() && found.next().is_none())
        };
        self.networks
            .get(reference)
            .or_else(|| self.by_name(reference))
            .or_else(by_prefix)
            .ok_or_else(|| NetworkError::NotFound(reference.to_owned()))
    }

    fn entry_mut(&mut self, network_id: &str) -> Result<&mut Entry> {
        self.networks.get_mut(network_id).ok_or_else(|| NetworkError::NotFound(network_id.to_owned()))
    }
}

fn check(spec: &NetworkSpec) -> Result<()> {
    let name = spec.name.as_bytes();
    let first = name.first().is_some_and(u8::is_ascii_alphanumeric);
    let rest = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte));
    if !first || !rest || name.len() > 255 {
        return Err(NetworkError::invalid(&spec.name, "a name is letters, digits, '_', '.' and '-'"));
    }
    if driver(spec)? != Driver::Bridge {
        let reason = format!("only one instance of the {} driver exists", spec.driver);
        return Err(NetworkError::invalid(&spec.name, reason));
    }
    if spec.enable_ipv6 {
        return Err(NetworkError::invalid(&spec.name, "IPv6 is not supported yet"));
    }
    options::check(spec)
}

fn driver(spec: &NetworkSpec) -> Result<Driver> {
    match spec.driver.as_str() {
        "" | "default" | "bridge" => Ok(Driver::Bridge),
        "host" => Ok(Driver::Host),
        "null" | "none" => Ok(Driver::Null),
        other => Err(NetworkError::invalid(&spec.name, format!("the driver {other} is not supported"))),
    }
}

fn rules(network: &Network) -> Option<NetworkRules> {
    Some(NetworkRules {
        bridge: network.bridge.clone()?,
        subnet: network.addressing.as_ref()?.subnet,
        internal: network.internal,
        masquerade: network.masquerades(),
        communication: network.allows_communication(),
    })
}
