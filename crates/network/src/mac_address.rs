//! Ethernet addresses.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A MAC-48 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// A locally administered address that belongs to one IPv4 address.
    ///
    /// An address that moves to a recreated container keeps its MAC, so neighbours need not learn it anew.
    pub const fn of_address(address: Ipv4Addr) -> Self {
        let [a, b, c, d] = address.octets();
        Self([0x02, 0x42, a, b, c, d])
    }

    /// Whether it names one interface, not a group.
    pub const fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(formatter, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// The text is not a unicast MAC-48 address such as `02:42:ac:12:00:02`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a unicast MAC-48 address")]
pub struct MacAddressError(pub String);

impl FromStr for MacAddress {
    type Err = MacAddressError;

    /// Accepts `:` or `-` between six pairs of hexadecimal digits (contract 1.14.3).
    fn from_str(text: &str) -> Result<Self, MacAddressError> {
        let error = || MacAddressError(text.to_owned());
        let mut octets = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut octets {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(error)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| error())?;
        }
        let address = Self(octets);
        if parts.next().is_some() || !address.is_unicast() {
            return Err(error());
        }
        Ok(address)
    }
}

impl Serialize for MacAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_both_spellings_and_refuses_groups() {
        let address: MacAddress = "02-42-AC-12-00-02".parse().unwrap();
        assert_eq!(address.to_string(), "02:42:ac:12:00:02");
        assert_eq!(address, MacAddress::of_address(Ipv4Addr::new(172, 18, 0, 2)));
        for bad in ["", "02:42", "01:00:5e:00:00:01", "02:42:ac:12:00:02:03", "2:42:ac:12:00:02"] {
            assert_eq!(bad.parse::<MacAddress>(), Err(MacAddressError(bad.into())));
        }
    }
}
