//! Which port: what is asked for, and the one that was reserved.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::netfilter::Protocol;

/// A port that a container wants to be reached at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRequest {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// One address of the host; none means all of them, IPv4 and IPv6 (contract 3.5.1).
    pub host_ip: Option<IpAddr>,
    /// Which numbers will do.
    pub ports: HostPorts,
}

/// Which numbers will do for a published port (contract 3.5.2, 3.5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPorts {
    /// Any that the kernel has to give.
    Ephemeral,
    /// This one.
    Fixed(u16),
    /// The first free one.
    AnyOf(RangeInclusive<u16>),
}

/// A reserved port on one address of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortKey {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Unspecified (`0.0.0.0`, `::`) means every address of its family.
    pub address: IpAddr,
    /// Never 0.
    pub port: u16,
}

impl PortRequest {
    /// The addresses that must be bound, with whether the reservation may do without.
    pub(super) fn addresses(&self) -> Vec<(IpAddr, bool)> {
        match self.host_ip {
            Some(address) => vec![(address, false)],
            // A host without IPv6 publishes on IPv4 only.
            None => {
                vec![(IpAddr::V4(Ipv4Addr::UNSPECIFIED), false), (IpAddr::V6(Ipv6Addr::UNSPECIFIED), true)]
            }
        }
    }
}

impl PortKey {
    /// Address and port.
    pub const fn socket_address(self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// Whether sockets for both cannot be bound at the same time.
    pub(super) fn conflicts_with(self, other: Self) -> bool {
        let same_family = self.address.is_ipv4() == other.address.is_ipv4();
        let meet = self.address == other.address
            || (same_family && (self.address.is_unspecified() || other.address.is_unspecified()));
        meet && self.protocol == other.protocol && self.port == other.port
    }
}

impl fmt::Display for PortKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.socket_address(), self.protocol.name())
    }
}

/// The text is not a port such as `0.0.0.0:8080/tcp`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address, port and protocol such as 0.0.0.0:8080/tcp")]
pub struct PortKeyError(pub String);

impl FromStr for PortKey {
    type Err = PortKeyError;

    /// Reads what `Display` writes: it is the name under which the socket is kept over a restart of the engine.
    fn from_str(text: &str) -> Result<Self, PortKeyError> {
        let error = || PortKeyError(text.to_owned());
        let (address, protocol) = text.rsplit_once('/').ok_or_else(error)?;
        let address: SocketAddr = address.parse().map_err(|_| error())?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(error()),
        };
        Ok(Self { protocol, address: address.ip(), port: address.port() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back() {
        for text in ["0.0.0.0:8080/tcp", "[::]:53/udp", "127.0.0.1:1/tcp"] {
            assert_eq!(text.parse::<PortKey>().unwrap().to_string(), text);
        }
        for text in ["8080/tcp", "0.0.0.0:8080", "0.0.0.0:8080/sctp", ":::1/tcp"] {
            assert!(text.parse::<PortKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_unspecified_address_conflicts_within_its_family() {
        let conflict =
            |one: &str, other: &str| one.parse::<PortKey>().unwrap().conflicts_with(other.parse().unwrap());
        assert!(conflict("0.0.0.0:80/tcp", "127.0.0.1:80/tcp"));
        assert!(!conflict("0.0.0.0:80/tcp", "[::]:80/tcp"));
        assert!(!conflict("10.0.0.1:80/tcp", "127.0.0.1:80/tcp"));
        assert!(!conflict("0.0.0.0:80/tcp", "0.0.0.0:80/udp"));
        assert!(!conflict("0.0.0.0:80/tcp", "0.0.0.0:81/tcp"));
    }
}
