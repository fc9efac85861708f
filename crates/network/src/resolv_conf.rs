//! `resolv.conf`: reading the host's, and writing a container's (contract 1.2.8 to 1.2.10).
//!
//! Pure text in, text out.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

/// Where containers on user-defined networks ask for names.
pub const EMBEDDED_RESOLVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);
/// When the host's file leaves none for a container on the default bridge.
const PUBLIC_SERVERS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4))];

/// What a resolver configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// Addresses of name servers, first asked first.
    pub servers: Vec<IpAddr>,
    /// Domains that are appended to short names.
    pub search: Vec<String>,
    /// `ndots:1`, `timeout:2` and the like.
    pub options: Vec<String>,
}

/// A container's own settings; each replaces the host's, an empty one keeps it (contract 1.2.10).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DnsSettings {
    /// Asked from inside the container's network namespace.
    pub servers: Vec<IpAddr>,
    /// `.` alone means no search domain.
    pub search: Vec<String>,
    /// As in `resolv.conf`.
    pub options: Vec<String>,
}

impl ResolvConf {
    /// Reads the text of a `resolv.conf`; like the C library, lines that make no sense are skipped.
    pub fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or_default();
            let mut words = line.split_whitespace();
            match words.next() {
                // A zone (`fe80::1%eth0`) means nothing in another namespace.
                Some("nameserver") => {
                    parsed.servers.extend(words.next().and_then(|word| word.parse::<IpAddr>().ok()));
                }
                Some("domain" | "search") => parsed.search = words.map(str::to_owned).collect(),
                Some("options") => parsed.options.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        parsed
    }

    /// This configuration with a container's settings in place.
    pub fn with(&self, settings: &DnsSettings) -> Self {
        let replace = |own: &[String], host: &[String]| if own.is_empty() { host } else { own }.to_vec();
        let servers = if settings.servers.is_empty() { &self.servers } else { &settings.servers };
        let mut search = replace(&settings.search, &self.search);
        if search == ["."] {
            search.clear();
        }
        Self { servers: servers.clone(), search, options: replace(&settings.options, &self.options) }
    }

    /// The file of a container that asks the embedded resolver. `from_host` says where the servers are asked from.
    pub fn for_embedded_resolver(&self, from_host: bool) -> String {
        let mut options = self.options.clone();
        if !options.iter().any(|option| option.starts_with("ndots:")) {
            options.push("ndots:0".to_owned());
        }
        let file = Self { servers: vec![EMBEDDED_RESOLVER.into()], search: self.search.clone(), options };
        let servers = self.servers.iter().map(|server| match from_host {
            true => format!("host({server})"),
            false => server.to_string(),
        });
        let servers = servers.collect::<Vec<_>>().join(" ");
        format!("{}\n# ExtServers: [{servers}]\n", file.text())
    }

    /// The file of a container on the default bridge, which reaches neither the host's loopback nor IPv6.
    pub fn for_default_bridge(&self) -> String {
        let reachable = |server: &&IpAddr| server.is_ipv4() && !server.is_loopback();
        let mut servers: Vec<_> = self.servers.iter().filter(reachable).copied().collect();
        if servers.is_empty() {
            servers = PUBLIC_SERVERS.to_vec();
        }
        Self { servers, ..self.clone() }.text()
    }

    /// The file with just this in it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for server in &self.servers {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "nameserver {server}");
        }
        for (word, values) in [("search", &self.search), ("options", &self.options)] {
            if !values.is_empty() {
                let _ = writeln!(text, "{word} {}", values.join(" "));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "# comment\nnameserver 127.0.0.53\nnameserver 10.0.0.2 # office\n\
                        nameserver fd00::1\nnameserver nonsense\nsearch corp.example lan\noptions edns0 ndots:2\n";

    #[test]
    fn reads_what_the_c_library_reads() {
        let parsed = ResolvConf::parse(HOST);
        assert_eq!(parsed.servers.len(), 3);
        assert_eq!(parsed.search, ["corp.example", "lan"]);
        assert_eq!(parsed.options, ["edns0", "ndots:2"]);
    }

    #[test]
    fn the_embedded_resolver_is_the_only_server() {
        let host = ResolvConf::parse(HOST);
        assert_eq!(
            host.for_embedded_resolver(true),
            "nameserver 127.0.0.11\nsearch corp.example lan\noptions edns0 ndots:2\n\n\
             # ExtServers: [host(127.0.0.53) host(10.0.0.2) host(fd00::1)]\n"
        );
        let bare = ResolvConf { servers: vec![[1, 1, 1, 1].into()], ..ResolvConf::default() };
        assert_eq!(
            bare.for_embedded_resolver(false),
            "nameserver 127.0.0.11\noptions ndots:0\n\n# ExtServers: [1.1.1.1]\n"
        );
    }

    #[test]
    fn the_default_bridge_gets_what_it_can_reach() {
        let host = ResolvConf::parse(HOST);
        assert!(host.for_default_bridge().starts_with("nameserver 10.0.0.2\nsearch"));
        let stub = ResolvConf::parse("nameserver 127.0.0.53\n");
        assert_eq!(stub.for_default_bridge(), "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
    }

    #[test]
    fn settings_replace_and_a_dot_clears() {
        let settings = DnsSettings {
            servers: vec![[9, 9, 9, 9].into()],
            search: vec![".".into()],
            options: vec!["timeout:1".into()],
        };
        let merged = ResolvConf::parse(HOST).with(&settings);
        assert_eq!(merged.servers, settings.servers);
        assert!(merged.search.is_empty());
        assert_eq!(merged.options, ["timeout:1"]);
        assert_eq!(ResolvConf::parse(HOST).with(&DnsSettings::default()), ResolvConf::parse(HOST));
    }
}
