//! What one container sees: its networks in order of preference, its links, and where unknown names go.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::names::Names;
use crate::resolv_conf::{DnsSettings, ResolvConf};

/// At most this many servers are asked (contract 3.6.7).
const SERVERS: usize = 3;

/// A network that a container is connected to. All names are in lower case.
#[derive(Debug, Clone)]
pub(crate) struct ViewNetwork {
    pub(crate) id: String,
    pub(crate) name: String,
    /// From an alias to a name on the network.
    pub(crate) links: BTreeMap<String, String>,
}

/// Where names that nobody here knows are asked for.
#[derive(Debug, Clone)]
pub(super) struct Upstreams {
    pub(super) servers: Vec<IpAddr>,
    /// The namespace to ask from; none is the host's.
    pub(super) namespace: Option<Arc<OwnedFd>>,
}

/// What one container sees.
#[derive(Debug)]
pub(crate) struct View {
    networks: Vec<ViewNetwork>,
    pub(super) upstreams: Upstreams,
    /// Whether names without a dot are answered here only: the search list will be tried (contract 3.6.9).
    pub(super) short_names_stay: bool,
}

impl View {
    /// `may_leave` tells whether one of the networks is not internal; otherwise the host's servers are not asked, as
    /// queries to them would carry data out (contract 3.6.8, CVE-2024-29018).
    pub(crate) fn new(
        networks: Vec<ViewNetwork>,
        host: &ResolvConf,
        settings: &DnsSettings,
        may_leave: bool,
        namespace: Arc<OwnedFd>,
    ) -> Self {
        let own = !settings.servers.is_empty();
        let merged = host.with(settings);
        let servers = if own || may_leave { merged.servers } else { Vec::new() };
        let upstreams = Upstreams {
            servers: servers.into_iter().take(SERVERS).collect(),
            namespace: own.then_some(namespace),
        };
        let ndots = merged.options.iter().filter_map(|option| option.strip_prefix("ndots:"));
        let short_names_stay = ndots.filter_map(|count| count.parse::<u32>().ok()).any(|count| count > 0);
        Self { networks, upstreams, short_names_stay }
    }

    /// The addresses of a name in lower case. The whole name is tried on every network, then shorter ones with the rest
    /// as the network's name; the first network that knows it answers alone (contract 3.6.4).
    pub(super) fn look_up(&self, names: &Names, name: &str) -> Vec<Ipv4Addr> {
        let whole = self.networks.iter().map(|network| (network, name));
        let parts = name.rmatch_indices('.').flat_map(|(dot, _)| {
            let (short, rest) = (&name[..dot], &name[dot + 1..]);
            self.networks
                .iter()
                .filter(move |network| network.name == rest)
                .map(move |network| (network, short))
        });
        whole
            .chain(parts)
            .map(|(network, name)| network.look_up(names, name))
            .find(|addresses| !addresses.is_empty())
            .unwrap_or_default()
    }

    /// The `name.network` of an address on one of the container's networks.
    pub(super) fn reverse(&self, names: &Names, address: Ipv4Addr) -> Option<String> {
        self.networks.iter().find_map(|network| names.of(&network.id)?.full_name(address).map(str::to_owned))
    }
}

impl ViewNetwork {
    fn look_up(&self, names: &Names, name: &str) -> Vec<Ipv4Addr> {
        let Some(known) = names.of(&self.id) else { return Vec::new() };
        let linked = self.links.get(name).map_or(&[][..], |target| known.addresses(target));
        if linked.is_empty() { known.addresses(name).to_vec() } else { linked.to_vec() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn network(id: &str, name: &str, links: &[(&str, &str)]) -> ViewNetwork {
        let links = links.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned())).collect();
        ViewNetwork { id: id.into(), name: name.into(), links }
    }

    pub(in crate::dns) fn view(settings: &DnsSettings, may_leave: bool) -> View {
        let networks = vec![network("1", "front", &[("database", "db")]), network("2", "back.end", &[])];
        let host = ResolvConf::parse("nameserver 127.0.0.53\nnameserver 10.0.0.2");
        let namespace: OwnedFd = std::fs::File::open("/proc/self/ns/net").unwrap().into();
        View::new(networks, &host, settings, may_leave, Arc::new(namespace))
    }

    pub(in crate::dns) fn names() -> Names {
        let names = Names::default();
        names.add("1", "front", Ipv4Addr::new(10, 1, 0, 2), &["db".into()]);
        names.add("2", "back.end", Ipv4Addr::new(10, 2, 0, 2), &["db".into(), "only.here".into()]);
        names.add("3", "foreign", Ipv4Addr::new(10, 3, 0, 2), &["secret".into()]);
        names
    }

    #[test]
    fn the_first_network_that_knows_a_name_answers_alone() {
        let (names, view) = (names(), view(&DnsSettings::default(), true));
        let look_up = |name| view.look_up(&names, name).first().map(|address| address.octets()[1]);
        assert_eq!(look_up("db"), Some(1));
        assert_eq!(look_up("database"), Some(1), "a link");
        assert_eq!(look_up("db.front"), Some(1));
        assert_eq!(look_up("db.back.end"), Some(2));
        assert_eq!(look_up("only.here"), Some(2));
        assert_eq!(look_up("secret"), None, "another network's names");
        assert_eq!(look_up("db.foreign"), None);
    }

    #[test]
    fn reverse_names_of_own_networks_only() {
        let (names, view) = (names(), view(&DnsSettings::default(), true));
        assert_eq!(view.reverse(&names, Ipv4Addr::new(10, 2, 0, 2)).as_deref(), Some("db.back.end"));
        assert_eq!(view.reverse(&names, Ipv4Addr::new(10, 3, 0, 2)), None);
    }

    #[test]
    fn internal_networks_do_not_ask_the_hosts_servers() {
        assert_eq!(view(&DnsSettings::default(), true).upstreams.servers.len(), 2);
        assert!(view(&DnsSettings::default(), false).upstreams.servers.is_empty());
        let own = DnsSettings { servers: vec![[9, 9, 9, 9].into()], ..DnsSettings::default() };
        let upstreams = view(&own, false).upstreams;
        assert!(upstreams.namespace.is_some() && upstreams.servers.len() == 1);
    }
}
