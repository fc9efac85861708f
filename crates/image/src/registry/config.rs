//! What the engine's configuration says about registries, under the names of Docker's `daemon.json`.

use std::net::IpAddr;
use std::path::PathBuf;

/// Mirrors, registries without verified TLS, and where certificates are.
#[derive(Debug, Clone, Default)]
pub struct RegistryConfig {
    mirrors: Vec<Mirror>,
    insecure: Vec<Insecure>,
    /// Directory with `<host[:port]>/*.crt`, Docker's `certs.d`.
    certificates: Option<PathBuf>,
}

/// A mirror of docker.io.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    pub(crate) plain_http: bool,
    /// `host[:port]`.
    pub(crate) host: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Insecure {
    Host(String),
    Network { address: IpAddr, bits: u8 },
}

/// A value that is no mirror or no registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Docker's rule: scheme and host, nothing else.
    #[error("invalid mirror {0:?}: expected http://HOST[:PORT] or https://HOST[:PORT]")]
    Mirror(String),
    /// Host, host and port, or a network.
    #[error("invalid insecure registry {0:?}: expected HOST[:PORT] or ADDRESS/BITS")]
    Insecure(String),
}

impl RegistryConfig {
    /// Reads the lists. Mirrors are tried in the given order before Docker Hub.
    ///
    /// # Errors
    /// [`ConfigError`] with the value that cannot be used.
    pub fn new(mirrors: &[String], insecure: &[String]) -> Result<RegistryConfig, ConfigError> {
        Ok(RegistryConfig {
            mirrors: mirrors.iter().map(|text| parse_mirror(text)).collect::<Result<_, _>>()?,
            insecure: insecure.iter().map(|text| parse_insecure(text)).collect::<Result<_, _>>()?,
            certificates: None,
        })
    }

    /// The same with certificates of private registries from `directory` (`<host[:port]>/*.crt`).
    pub fn with_certificates(self, directory: PathBuf) -> RegistryConfig {
        RegistryConfig { certificates: Some(directory), ..self }
    }

    pub(crate) fn mirrors(&self) -> &[Mirror] {
        &self.mirrors
    }

    pub(crate) fn certificates(&self) -> Option<&PathBuf> {
        self.certificates.as_ref()
    }

    /// True when `host` (with port) may be spoken to without verified TLS (contract 7.5.7).
    pub(crate) fn is_insecure(&self, host: &str) -> bool {
        let name = without_port(host);
        let address: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
        name == "localhost"
            || address.is_some_and(|address| address.is_loopback())
            || self.insecure.iter().any(|entry| entry.covers(host, name, address))
    }
}

impl Insecure {
    fn covers(&self, host: &str, name: &str, address: Option<IpAddr>) -> bool {
        match self {
            Insecure::Host(own) => own == host || own == name,
            Insecure::Network { address: network, bits } => {
                address.is_some_and(|address| in_network(address, *network, *bits))
            }
        }
    }
}

fn in_network(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let prefix = |value: u128, width: u32| value.checked_shr(width - u32::from(bits)).unwrap_or(0);
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => prefix(a.to_bits().into(), 32) == prefix(n.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => prefix(a.to_bits(), 128) == prefix(n.to_bits(), 128),
        _ => false,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn parse_mirror(text: &str) -> Result<Mirror, ConfigError> {
    let invalid = || ConfigError::Mirror(text.to_owned());
    let (scheme, host) = text.split_once("://").ok_or_else(invalid)?;
    let host = host.trim_end_matches('/');
    let plain_http = match scheme {
        "http" => true,
        "https" => false,
        _ => return Err(invalid()),
    };
    if is_host(host) { Ok(Mirror { plain_http, host: host.to_owned() }) } else { Err(invalid()) }
}

fn parse_insecure(text: &str) -> Result<Insecure, ConfigError> {
    let invalid = || ConfigError::Insecure(text.to_owned());
    if let Some((address, bits)) = text.split_once('/') {
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits: u8 = bits.parse().map_err(|_| invalid())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        return if bits <= width { Ok(Insecure::Network { address, bits }) } else { Err(invalid()) };
    }
    if is_host(text) { Ok(Insecure::Host(text.to_owned())) } else { Err(invalid()) }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(mirrors: &[&str], insecure: &[&str]) -> Result<RegistryConfig, ConfigError> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        RegistryConfig::new(&owned(mirrors), &owned(insecure))
    }

    #[test]
    fn loopback_and_listed_registries_are_insecure() {
        let config = config(&[], &["10.0.0.0/8", "reg.lan", "other.lan:5000", "fd00::/8"]).unwrap();
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:5000",
            "127.9.9.9",
            "[::1]:5000",
            "10.1.2.3:80",
            "reg.lan:443",
            "reg.lan",
            "other.lan:5000",
            "[fd12::1]:1",
        ] {
            assert!(config.is_insecure(host), "{host}");
        }
        for host in
            ["docker.io", "11.0.0.1", "other.lan", "other.lan:5001", "localhost.example.com", "[fe80::1]:1"]
        {
            assert!(!config.is_insecure(host), "{host}");
        }
    }

    #[test]
    fn mirrors_have_a_scheme_and_a_host() {
        let mirrors = config(&["http://127.0.0.1:5000/", "https://mirror.example"], &[]).unwrap();
        assert!(mirrors.mirrors()[0].plain_http && !mirrors.mirrors()[1].plain_http);
        assert_eq!(mirrors.mirrors()[0].host, "127.0.0.1:5000");
        for bad in ["mirror.example", "ftp://x", "https://", "https://a/b", "https://user@host"] {
            assert!(config(&[bad], &[]).is_err(), "{bad}");
        }
        for bad in ["10.0.0.0/33", "a/b", "", "http://x"] {
            assert!(config(&[], &[bad]).is_err(), "{bad}");
        }
    }
}
