//! From what a user asks for to the addresses of a network (contract 3.1.4 to 3.1.6).

use std::net::Ipv4Addr;

use super::network::{Addressing, Ipam, IpamPool};
use super::pools;
use crate::error::{NetworkError, Result};
use crate::subnet::Ipv4Subnet;

/// Subnets that a new network must not overlap.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Of this engine's networks, with their names; overlapping them is an error.
    pub(super) networks: Vec<(Ipv4Subnet, String)>,
    /// Of the host; only the engine's own choice avoids them.
    pub(super) host: Vec<Ipv4Subnet>,
}

impl Taken {
    fn all(&self) -> Vec<Ipv4Subnet> {
        self.networks.iter().map(|(subnet, _)| *subnet).chain(self.host.iter().copied()).collect()
    }

    fn check(&self, subnet: Ipv4Subnet) -> Result<()> {
        match self.networks.iter().find(|(used, _)| used.overlaps(subnet)) {
            Some((_, network)) => Err(NetworkError::PoolOverlap { subnet, network: network.clone() }),
            None => Ok(()),
        }
    }
}

/// Decides the addresses of the network `name`.
pub(super) fn decide(name: &str, ipam: &Ipam, taken: &Taken) -> Result<Addressing> {
    if !matches!(ipam.driver.as_str(), "" | "default") {
        return Err(NetworkError::invalid(
            name,
            format!("the IPAM driver {:?} does not exist here", ipam.driver),
        ));
    }
    match ipam.pools.as_slice() {
        [] => from_pool(name, &IpamPool::default(), taken),
        [pool] => from_pool(name, pool, taken),
        _ => Err(NetworkError::invalid(name, "a bridge network has at most one IPv4 subnet")),
    }
}

/// A subnet of the engine's choice, without anything that the user fixed.
pub(super) fn choose_again(name: &str, taken: &Taken) -> Result<Addressing> {
    from_pool(name, &IpamPool::default(), taken)
}

fn from_pool(name: &str, pool: &IpamPool, taken: &Taken) -> Result<Addressing> {
    let fields = Fields { network: name };
    let (subnet, chosen_by_engine) = choose_subnet(&fields, &pool.subnet, taken)?;
    let range = match pool.ip_range.as_str() {
        "" => subnet,
        text => fields.range(text, subnet)?,
    };
    let mut reserved = Vec::new();
    for (label, text) in &pool.auxiliary {
        reserved.push(fields.address(&format!("auxiliary address {label}"), text, subnet)?);
    }
    let gateway = match pool.gateway.as_str() {
        "" => default_gateway(subnet, &reserved).ok_or_else(|| {
            NetworkError::invalid(name, format!("{subnet} has no address left for the gateway"))
        })?,
        text => fields.address("gateway", text, subnet)?,
    };
    let free_choice = chosen_by_engine && pool == &IpamPool::default();
    Ok(Addressing { subnet, range, gateway, reserved, chosen_by_engine: free_choice })
}

fn choose_subnet(fields: &Fields<'_>, text: &str, taken: &Taken) -> Result<(Ipv4Subnet, bool)> {
    if text.is_empty() {
        return Ok((pools::choose(&taken.all()).ok_or(NetworkError::PoolsExhausted)?, true));
    }
    let subnet = fields.subnet("subnet", text)?;
    if subnet.network().is_unspecified() {
        let chosen = pools::choose_of_size(subnet.prefix(), &taken.all());
        return Ok((chosen.ok_or(NetworkError::PoolsExhausted)?, true));
    }
    taken.check(subnet)?;
    Ok((subnet, false))
}

fn default_gateway(subnet: Ipv4Subnet, reserved: &[Ipv4Addr]) -> Option<Ipv4Addr> {
    subnet.usable().find(|address| !reserved.contains(address))
}

/// Parses the fields of a pool; errors name the network and the field.
struct Fields<'a> {
    network: &'a str,
}

impl Fields<'_> {
    fn subnet(&self, field: &str, text: &str) -> Result<Ipv4Subnet> {
        if text.contains(':') {
            return Err(NetworkError::invalid(
                self.network,
                format!("{field} {text}: IPv6 is not supported yet"),
            ));
        }
        text.parse().map_err(|error| NetworkError::invalid(self.network, format!("invalid {field}: {error}")))
    }

    fn range(&self, text: &str, subnet: Ipv4Subnet) -> Result<Ipv4Subnet> {
        let range = self.subnet("IP range", text)?;
        if subnet.contains_subnet(range) {
            return Ok(range);
        }
        Err(NetworkError::invalid(
            self.network,
            format!("IP range {range} is not inside the subnet {subnet}"),
        ))
    }

    fn address(&self, field: &str, text: &str, subnet: Ipv4Subnet) -> Result<Ipv4Addr> {
        let address = text.parse().map_err(|_| {
            NetworkError::invalid(self.network, format!("invalid {field}: {text:?} is not an IPv4 address"))
        })?;
        if subnet.contains(address) {
            return Ok(address);
        }
        Err(NetworkError::invalid(
            self.network,
            format!("{field} {address} is not inside the subnet {subnet}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(subnet: &str, ip_range: &str, gateway: &str) -> Ipam {
        let pool = IpamPool {
            subnet: subnet.into(),
            ip_range: ip_range.into(),
            gateway: gateway.into(),
            ..IpamPool::default()
        };
        Ipam { pools: vec![pool], ..Ipam::default() }
    }

    fn taken(network: &str, host: &str) -> Taken {
        Taken {
            networks: vec![(network.parse().unwrap(), "other".into())],
            host: vec![host.parse().unwrap()],
        }
    }

    #[test]
    fn the_engine_avoids_networks_and_the_host() {
        let addressing = decide("n", &Ipam::default(), &taken("172.17.0.0/16", "172.18.4.0/24")).unwrap();
        assert_eq!(addressing.subnet.to_string(), "172.19.0.0/16");
        assert_eq!(addressing.gateway.to_string(), "172.19.0.1");
        assert!(addressing.chosen_by_engine);
    }

    #[test]
    fn a_user_may_overlap_the_host_and_no_network() {
        let free = decide("n", &pool("172.18.0.0/16", "", ""), &taken("172.17.0.0/16", "172.18.4.0/24"));
        assert!(!free.unwrap().chosen_by_engine);
        let error = decide("n", &pool("172.17.9.0/24", "", ""), &taken("172.17.0.0/16", "10.0.0.0/8"));
        assert!(matches!(error, Err(NetworkError::PoolOverlap { network, .. }) if network == "other"));
    }

    #[test]
    fn any_subnet_of_a_size() {
        let addressing = decide("n", &pool("0.0.0.0/24", "", ""), &Taken::default()).unwrap();
        assert_eq!(addressing.subnet.to_string(), "172.17.0.0/24");
    }

    #[test]
    fn what_lies_outside_is_refused_with_its_field() {
        for (ipam, word) in [
            (pool("10.1.0.0/16", "10.2.0.0/24", ""), "IP range"),
            (pool("10.1.0.0/16", "", "10.2.0.1"), "gateway"),
            (pool("10.1.0.1/16", "", ""), "host bits"),
            (pool("fd00::/64", "", ""), "IPv6"),
        ] {
            let error = decide("n", &ipam, &Taken::default()).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
