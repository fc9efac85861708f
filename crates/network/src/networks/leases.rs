//! Who has which address of one network.
//!
//! An address stays with its container over restarts, and goes to a container of the same name when that one was
//! recreated. An address that nobody uses is taken away only when no other one is left.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::network::{Addressing, Network};
use crate::error::{NetworkError, Result};
use crate::mac_address::MacAddress;

/// Addresses of containers that are gone are remembered for this many names per network.
const REMEMBERED: usize = 256;

/// An address that a container has, or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The container that has or had it.
    pub container_id: String,
    /// Its name, without a slash.
    pub container_name: String,
    /// 64 hexadecimal digits, new at every start.
    pub endpoint_id: String,
    /// On the network's subnet.
    pub address: Ipv4Addr,
    /// Of the interface in the container.
    pub mac: MacAddress,
    /// Name of the interface in the container.
    pub interface: String,
    /// Whether the container runs (is connected, that is). On disk, the directory tells.
    #[serde(skip)]
    pub active: bool,
}

/// What a container asks for.
#[derive(Debug)]
pub(crate) struct LeaseRequest<'a> {
    pub(crate) container_id: &'a str,
    pub(crate) container_name: &'a str,
    pub(crate) address: Option<Ipv4Addr>,
    pub(crate) mac: Option<MacAddress>,
    pub(crate) interface: &'a str,
}

/// What changed, and must be written to disk.
#[derive(Debug)]
pub(super) struct LeaseChange {
    pub(super) lease: Lease,
    /// Addresses that are not remembered any more.
    pub(super) forgotten: Vec<Ipv4Addr>,
}

/// The addresses of one network that are or were in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Leases(BTreeMap<Ipv4Addr, Lease>);

impl Leases {
    pub(super) fn from_list(leases: Vec<Lease>) -> Self {
        Self(leases.into_iter().map(|lease| (lease.address, lease)).collect())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Lease> {
        self.0.values()
    }

    pub(super) fn active(&self) -> impl Iterator<Item = &Lease> {
        self.all().filter(|lease| lease.active)
    }

    pub(super) fn of_container(&self, container_id: &str) -> Option<&Lease> {
        self.active().find(|lease| lease.container_id == container_id)
    }

    /// Gives a container an address; it is active from then on.
    pub(super) fn acquire(
        &mut self,
        network: &Network,
        addressing: &Addressing,
        request: &LeaseRequest<'_>,
    ) -> Result<LeaseChange> {
        if self.of_container(request.container_id).is_some() {
            return Err(NetworkError::AlreadyConnected {
                container: request.container_name.to_owned(),
                network: network.name.clone(),
            });
        }
        let address = match request.address {
            Some(address) => self.check_static(network, addressing, address)?,
            None => self.choose(network, addressing, request)?,
        };
        let lease = Lease {
            container_id: request.container_id.to_owned(),
            container_name: request.container_name.to_owned(),
            endpoint_id: crate::identifier::random()?,
            address,
            mac: request.mac.unwrap_or(MacAddress::of_address(address)),
            interface: request.interface.to_owned(),
            active: true,
        };
        let mut forgotten = self.forget(|old| old.container_name == request.container_name);
        forgotten.retain(|old| *old != address);
        self.0.insert(address, lease.clone());
        Ok(LeaseChange { lease, forgotten })
    }

    /// Ends the use of a container's address and remembers it. Returns what it was.
    pub(super) fn release(&mut self, container_id: &str) -> Option<LeaseChange> {
        let lease = self.0.values_mut().find(|lease| lease.active && lease.container_id == container_id)?;
        lease.active = false;
        let released = lease.clone();
        let surplus = self.surplus(released.address);
        let forgotten = self.forget(|old| Some(old.address) == surplus);
        Some(LeaseChange { lease: released, forgotten })
    }

    /// A static address may be anything free in the subnet (contract 3.1.7).
    fn check_static(
        &self,
        network: &Network,
        addressing: &Addressing,
        address: Ipv4Addr,
    ) -> Result<Ipv4Addr> {
        if !addressing.subnet.contains(address) {
            return Err(NetworkError::AddressOutside { network: network.name.clone(), address });
        }
        let in_use = |holder: &str| NetworkError::AddressInUse {
            network: network.name.clone(),
            address,
            holder: holder.to_owned(),
        };
        if address == addressing.gateway {
            return Err(in_use("the gateway"));
        }
        if addressing.subnet.prefix() < 31
            && [addressing.subnet.network(), addressing.subnet.broadcast()].contains(&address)
        {
            return Err(in_use("the network itself"));
        }
        match self.0.get(&address).filter(|lease| lease.active) {
            Some(lease) => Err(in_use(&lease.container_name)),
            None => Ok(address),
        }
    }

    fn choose(
        &self,
        network: &Network,
        addressing: &Addressing,
        request: &LeaseRequest<'_>,
    ) -> Result<Ipv4Addr> {
        let usable = |address: &Ipv4Addr| {
            addressing.range.contains(*address)
                && *address != addressing.gateway
                && !addressing.reserved.contains(address)
        };
        let unused = |lease: &&Lease| !lease.active && usable(&lease.address);
        let own = self.all().filter(unused).find(|lease| lease.container_id == request.container_id);
        let namesake =
            || self.all().filter(unused).find(|lease| lease.container_name == request.container_name);
        if let Some(lease) = own.or_else(namesake) {
            return Ok(lease.address);
        }
        let mut candidates = addressing.subnet.usable().filter(usable);
        let untouched = candidates.find(|address| !self.0.contains_key(address));
        let abandoned = || self.all().find(unused).map(|lease| lease.address);
        untouched.or_else(abandoned).ok_or_else(|| NetworkError::AddressesExhausted {
            network: network.name.clone(),
            subnet: addressing.range,
        })
    }

    /// One-off containers with names of their own must not be remembered for ever.
    fn surplus(&self, newest: Ipv4Addr) -> Option<Ipv4Addr> {
        let unused: Vec<_> = self.all().filter(|lease| !lease.active).map(|lease| lease.address).collect();
        let highest = unused.iter().rev().find(|address| **address != newest).copied();
        highest.filter(|_| unused.len() > REMEMBERED)
    }

    /// Drops addresses that nobody uses.
    fn forget(&mut self, which: impl Fn(&Lease) -> bool) -> Vec<Ipv4Addr> {
        self.0.extract_if(.., |_, lease| !lease.active && which(lease)).map(|(address, _)| address).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::network::{Driver, Ipam};

    fn network() -> (Network, Addressing) {
        let addressing = Addressing {
            subnet: "10.0.0.0/29".parse().unwrap(),
            range: "10.0.0.0/29".parse().unwrap(),
            gateway: Ipv4Addr::new(10, 0, 0, 1),
            reserved: vec![Ipv4Addr::new(10, 0, 0, 3)],
            chosen_by_engine: false,
        };
        let network = Network {
            id: "n".into(),
            name: "n".into(),
            created: std::time::SystemTime::UNIX_EPOCH,
            driver: Driver::Bridge,
            internal: false,
            attachable: false,
            ipam: Ipam::default(),
            options: BTreeMap::new(),
            labels: BTreeMap::new(),
            addressing: Some(addressing.clone()),
            bridge: Some("b".into()),
        };
        (network, addressing)
    }

    fn request<'a>(id: &'a str, name: &'a str, last: Option<u8>) -> LeaseRequest<'a> {
        let address = last.map(|last| Ipv4Addr::new(10, 0, 0, last));
        LeaseRequest { container_id: id, container_name: name, address, mac: None, interface: "eth0" }
    }

    fn acquire(leases: &mut Leases, id: &str, name: &str, last: Option<u8>) -> Result<u8> {
        let (network, addressing) = network();
        let change = leases.acquire(&network, &addressing, &request(id, name, last))?;
        Ok(change.lease.address.octets()[3])
    }

    #[test]
    fn lowest_free_without_gateway_and_reserved() {
        let mut leases = Leases::default();
        let given: Vec<_> = ["a", "b", "c"].map(|id| acquire(&mut leases, id, id, None).unwrap()).into();
        assert_eq!(given, [2, 4, 5]);
    }

    #[test]
    fn an_address_is_kept_over_restart_and_recreation() {
        let mut leases = Leases::default();
        acquire(&mut leases, "1", "db", None).unwrap();
        acquire(&mut leases, "2", "web", None).unwrap();
        leases.release("1");
        assert_eq!(acquire(&mut leases, "3", "new", None).unwrap(), 5);
        assert_eq!(acquire(&mut leases, "1", "db", None).unwrap(), 2);
        leases.release("1");
        assert_eq!(acquire(&mut leases, "4", "db", None).unwrap(), 2);
        leases.release("4");
        assert_eq!(acquire(&mut leases, "5", "db", Some(6)).unwrap(), 6);
        assert_eq!(leases.all().count(), 3, "a name has one address");
    }

    #[test]
    fn remembered_addresses_go_when_none_is_left() {
        let mut leases = Leases::default();
        for id in ["a", "b", "c", "d"] {
            acquire(&mut leases, id, id, None).unwrap();
        }
        assert!(matches!(acquire(&mut leases, "e", "e", None), Err(NetworkError::AddressesExhausted { .. })));
        leases.release("b");
        assert_eq!(acquire(&mut leases, "e", "e", None).unwrap(), 4);
    }

    #[test]
    fn static_addresses() {
        let mut leases = Leases::default();
        assert_eq!(acquire(&mut leases, "a", "a", Some(3)).unwrap(), 3, "reserved ones may be asked for");
        for (last, holder) in [(3, "a"), (1, "the gateway"), (7, "the network itself")] {
            let error = acquire(&mut leases, "b", "b", Some(last)).unwrap_err();
            assert!(matches!(error, NetworkError::AddressInUse { holder: by, .. } if by == holder));
        }
        assert!(matches!(acquire(&mut leases, "b", "b", Some(9)), Err(NetworkError::AddressOutside { .. })));
        leases.release("a");
        assert_eq!(acquire(&mut leases, "b", "b", Some(3)).unwrap(), 3, "a stopped container has no claim");
    }

    #[test]
    fn a_container_connects_once() {
        let mut leases = Leases::default();
        acquire(&mut leases, "a", "a", None).unwrap();
        assert!(matches!(acquire(&mut leases, "a", "a", None), Err(NetworkError::AlreadyConnected { .. })));
    }
}
