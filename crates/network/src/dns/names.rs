//! Who is called what on which network.
//!
//! Readers take a snapshot of one network and hold no lock; a change copies it only while somebody reads.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};

/// The names of all networks of an engine, by network id.
#[derive(Debug, Default)]
pub(crate) struct Names {
    networks: RwLock<HashMap<String, Arc<NetworkNames>>>,
}

/// The names on one network. They are kept in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct NetworkNames {
    addresses: HashMap<String, Vec<Ipv4Addr>>,
    /// For reverse lookups: `name.network`.
    full_names: HashMap<Ipv4Addr, String>,
}

impl Names {
    /// Makes an address known under `names` on a network; the first one answers reverse lookups (contract 3.6.2).
    pub(crate) fn add(&self, network_id: &str, network_name: &str, address: Ipv4Addr, names: &[String]) {
        let mut networks = self.networks.write().unwrap_or_else(PoisonError::into_inner);
        let network = Arc::make_mut(networks.entry(network_id.to_owned()).or_default());
        network.remove(address);
        for name in names {
            network.addresses.entry(name.to_lowercase()).or_default().push(address);
        }
        if let Some(first) = names.first() {
            network.full_names.insert(address, format!("{first}.{network_name}"));
        }
    }

    /// Makes nobody be called by anything that leads to the address on this network.
    pub(crate) fn remove(&self, network_id: &str, address: Ipv4Addr) {
        let mut networks = self.networks.write().unwrap_or_else(PoisonError::into_inner);
        let Some(network) = networks.get_mut(network_id) else { return };
        let network_names = Arc::make_mut(network);
        network_names.remove(address);
        if network_names.full_names.is_empty() {
            networks.remove(network_id);
        }
    }

    /// The names on one network as they are now.
    pub(super) fn of(&self, network_id: &str) -> Option<Arc<NetworkNames>> {
        self.networks.read().unwrap_or_else(PoisonError::into_inner).get(network_id).cloned()
    }
}

impl NetworkNames {
    /// The addresses of a name in lower case; none when it is unknown.
    pub(super) fn addresses(&self, name: &str) -> &[Ipv4Addr] {
        self.addresses.get(name).map_or(&[], Vec::as_slice)
    }

    /// The `name.network` of an address.
    pub(super) fn full_name(&self, address: Ipv4Addr) -> Option<&str> {
        self.full_names.get(&address).map(String::as_str)
    }

    fn remove(&mut self, address: Ipv4Addr) {
        if self.full_names.remove(&address).is_some() {
            self.addresses.retain(|_, addresses| {
                addresses.retain(|other| *other != address);
                !addresses.is_empty()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_share_a_name_and_leave_it() {
        let names = Names::default();
        let (one, two) = (Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 3));
        names.add("n", "net", one, &["Api-1".into(), "api".into()]);
        names.add("n", "net", two, &["api-2".into(), "API".into()]);
        names.add("n", "net", two, &["api-2".into(), "API".into()]);
        let before = names.of("n").unwrap();
        assert_eq!(before.addresses("api"), [one, two]);
        assert_eq!(before.full_name(one), Some("Api-1.net"));
        names.remove("n", one);
        assert_eq!(names.of("n").unwrap().addresses("api"), [two]);
        assert_eq!(before.addresses("api"), [one, two], "a snapshot does not change");
        names.remove("n", two);
        assert!(names.of("n").is_none());
    }
}
