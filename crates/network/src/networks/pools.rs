//! The engine's own choice of subnets (contract 3.1.1, 3.1.2, 3.1.4).

use std::net::Ipv4Addr;

use crate::subnet::Ipv4Subnet;

/// Docker's default pools in their order, with the prefix length that each is cut into.
const DEFAULT_POOLS: [(Ipv4Subnet, u8); 7] = [
    (Ipv4Subnet::containing(Ipv4Addr::new(172, 17, 0, 0), 16), 16),
    (Ipv4Subnet::containing(Ipv4Addr::new(172, 18, 0, 0), 16), 16),
    (Ipv4Subnet::containing(Ipv4Addr::new(172, 19, 0, 0), 16), 16),
    (Ipv4Subnet::containing(Ipv4Addr::new(172, 20, 0, 0), 14), 16),
    (Ipv4Subnet::containing(Ipv4Addr::new(172, 24, 0, 0), 14), 16),
    (Ipv4Subnet::containing(Ipv4Addr::new(172, 28, 0, 0), 14), 16),
    (Ipv4Subnet::containing(Ipv4Addr::new(192, 168, 0, 0), 16), 20),
];

/// The first default subnet that overlaps none of `taken`.
pub(super) fn choose(taken: &[Ipv4Subnet]) -> Option<Ipv4Subnet> {
    first_free(DEFAULT_POOLS.iter().flat_map(|(pool, prefix)| pool.slices(*prefix)), taken)
}

/// The first subnet of `prefix` bits from the default pools that overlaps none of `taken`.
pub(super) fn choose_of_size(prefix: u8, taken: &[Ipv4Subnet]) -> Option<Ipv4Subnet> {
    first_free(DEFAULT_POOLS.iter().flat_map(|(pool, _)| pool.slices(prefix)), taken)
}

fn first_free(mut candidates: impl Iterator<Item = Ipv4Subnet>, taken: &[Ipv4Subnet]) -> Option<Ipv4Subnet> {
    candidates.find(|candidate| !taken.iter().any(|used| used.overlaps(*candidate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Ipv4Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn there_are_31_and_they_come_in_order() {
        let mut taken = Vec::new();
        while let Some(next) = choose(&taken) {
            taken.push(next);
        }
        assert_eq!(taken.len(), 31);
        assert_eq!(taken[0], subnet("172.17.0.0/16"));
        assert_eq!(taken[14], subnet("172.31.0.0/16"));
        assert_eq!(taken[15], subnet("192.168.0.0/20"));
    }

    #[test]
    fn a_route_of_the_host_is_avoided() {
        assert_eq!(choose(&[subnet("172.16.0.0/12")]), Some(subnet("192.168.0.0/20")));
        assert_eq!(choose(&[subnet("172.17.5.0/24")]), Some(subnet("172.18.0.0/16")));
    }

    #[test]
    fn a_size_may_be_asked_for() {
        assert_eq!(choose_of_size(24, &[subnet("172.17.0.0/24")]), Some(subnet("172.17.1.0/24")));
        assert_eq!(choose_of_size(8, &[]), None);
    }
}
