//! IPv4 subnets: parsing, containment, overlap, usable addresses.
//!
//! Pure arithmetic; it knows nothing of pools, routes or containers.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IPv4 prefix without host bits, such as `172.18.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv4Subnet {
    network: u32,
    prefix: u8,
}

/// Why a text or a pair of numbers is not a subnet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    /// Not `address/prefix`.
    #[error("{0:?} is not an IPv4 prefix such as 172.28.0.0/16")]
    Syntax(String),
    /// The address has bits beyond the prefix (contract 3.1.6).
    #[error("{given} has host bits set, the subnet is {meant}")]
    HostBits {
        /// The text as it was given.
        given: String,
        /// The subnet that contains it.
        meant: Ipv4Subnet,
    },
}

impl Ipv4Subnet {
    /// The subnet of `prefix` bits (0 to 32) that contains `address`.
    ///
    /// # Panics
    /// When `prefix` is over 32, which is a mistake of the caller.
    pub const fn containing(address: Ipv4Addr, prefix: u8) -> Self {
        assert!(prefix <= 32, "an IPv4 prefix has at most 32 bits");
        Self { network: address.to_bits() & mask(prefix), prefix }
    }

    /// Number of bits of the prefix, 0 to 32.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// The lowest address, which names the subnet.
    pub const fn network(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network)
    }

    /// The netmask, such as `255.255.0.0`.
    pub const fn netmask(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(mask(self.prefix))
    }

    /// The highest address.
    pub const fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network | !mask(self.prefix))
    }

    /// Whether `address` lies inside.
    pub const fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask(self.prefix) == self.network
    }

    /// Whether all of `other` lies inside.
    pub const fn contains_subnet(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.network())
    }

    /// Whether the two share an address.
    pub const fn overlaps(self, other: Self) -> bool {
        self.contains(other.network()) || other.contains(self.network())
    }

    /// The addresses that hosts may have, lowest first: all but the network and the broadcast address,
    /// which are usable only in a /31 and a /32 (contract 3.1.5).
    pub fn usable(self) -> impl Iterator<Item = Ipv4Addr> {
        let reserved = u32::from(self.prefix < 31);
        let (first, last) = (self.network + reserved, self.broadcast().to_bits() - reserved);
        (first..=last).map(Ipv4Addr::from_bits)
    }

    /// The subnets of `prefix` bits inside this one, lowest first; none when `prefix` is shorter than this one's.
    pub fn slices(self, prefix: u8) -> impl Iterator<Item = Self> {
        let count = prefix.checked_sub(self.prefix).map_or(0, |bits| 1u64 << bits);
        (0..count).map(move |index| {
            let offset = u32::try_from(index << (32 - u32::from(prefix))).unwrap_or(0);
            Self { network: self.network + offset, prefix }
        })
    }
}

const fn mask(prefix: u8) -> u32 {
    if prefix == 0 { 0 } else { u32::MAX << (32 - prefix) }
}

impl fmt::Display for Ipv4Subnet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.network(), self.prefix)
    }
}

impl FromStr for Ipv4Subnet {
    type Err = SubnetError;

    fn from_str(text: &str) -> Result<Self, SubnetError> {
        let syntax = || SubnetError::Syntax(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(syntax)?;
        let address: Ipv4Addr = address.parse().map_err(|_| syntax())?;
        let prefix: u8 = prefix.parse().ok().filter(|bits| *bits <= 32).ok_or_else(syntax)?;
        let subnet = Self::containing(address, prefix);
        if subnet.network() != address {
            return Err(SubnetError::HostBits { given: text.to_owned(), meant: subnet });
        }
        Ok(subnet)
    }
}

impl Serialize for Ipv4Subnet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ipv4Subnet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Ipv4Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn parses_and_prints() {
        assert_eq!(subnet("172.18.0.0/16").to_string(), "172.18.0.0/16");
        assert_eq!(subnet("0.0.0.0/0").broadcast(), Ipv4Addr::BROADCAST);
        assert_eq!(subnet("10.0.0.4/30").netmask(), Ipv4Addr::new(255, 255, 255, 252));
        for bad in ["172.18.0.0", "172.18.0.0/33", "a/8", "::/64", "1.2.3.4/-1"] {
            assert_eq!(bad.parse::<Ipv4Subnet>(), Err(SubnetError::Syntax(bad.into())));
        }
        let error = "172.18.0.1/16".parse::<Ipv4Subnet>().unwrap_err();
        assert_eq!(error.to_string(), "172.18.0.1/16 has host bits set, the subnet is 172.18.0.0/16");
    }

    #[test]
    fn overlap_is_symmetric() {
        let (wide, inside, beside) = (subnet("10.0.0.0/8"), subnet("10.9.0.0/16"), subnet("11.0.0.0/8"));
        assert!(wide.overlaps(inside) && inside.overlaps(wide) && wide.contains_subnet(inside));
        assert!(!wide.overlaps(beside) && !inside.contains_subnet(wide));
    }

    #[test]
    fn network_and_broadcast_are_usable_only_in_the_smallest() {
        let all = |text: &str| subnet(text).usable().map(|address| address.octets()[3]).collect::<Vec<_>>();
        assert_eq!(all("10.0.0.0/30"), [1, 2]);
        assert_eq!(all("10.0.0.0/31"), [0, 1]);
        assert_eq!(all("10.0.0.7/32"), [7]);
    }

    #[test]
    fn slices_cover_the_subnet() {
        let slices: Vec<_> = subnet("172.20.0.0/14").slices(16).map(|slice| slice.to_string()).collect();
        assert_eq!(slices, ["172.20.0.0/16", "172.21.0.0/16", "172.22.0.0/16", "172.23.0.0/16"]);
        assert_eq!(subnet("10.0.0.0/16").slices(8).count(), 0);
    }
}
