//! The fixed part of the table: base chains, maps, and the rules that concern no particular network or port.

use std::net::Ipv4Addr;

use crate::netfilter::{BaseChain, Batch, Hook, Map, Rule, Verdict};
use crate::subnet::Ipv4Subnet;

/// Everything that this host calls itself by.
pub(super) const LOOPBACK: Ipv4Subnet = Ipv4Subnet::containing(Ipv4Addr::LOCALHOST, 8);

/// Ports published on all addresses of the host.
pub(super) const ANY_ADDRESS: Map = Map::by_port("published");
/// Ports published on one address.
pub(super) const ONE_ADDRESS: Map = Map::by_address_and_port("published-on-address");

pub(super) const FORWARD: &str = "forward";
pub(super) const POSTROUTING: &str = "postrouting";
const RAW: &str = "raw";
const PREROUTING: &str = "prerouting";
const OUTPUT: &str = "output";

const BASE_CHAINS: [BaseChain; 5] = [
    BaseChain { name: RAW, kind: "filter", hook: Hook::Prerouting, priority: -300 },
    BaseChain { name: PREROUTING, kind: "nat", hook: Hook::Prerouting, priority: -100 },
    BaseChain { name: OUTPUT, kind: "nat", hook: Hook::Output, priority: -100 },
    BaseChain { name: FORWARD, kind: "filter", hook: Hook::Forward, priority: 0 },
    BaseChain { name: POSTROUTING, kind: "nat", hook: Hook::Postrouting, priority: 100 },
];

/// Makes what is missing and renews the fixed rules; what networks and ports have added stays.
pub(super) fn write(batch: &mut Batch<'_>) {
    batch.ensure_table();
    for chain in BASE_CHAINS {
        batch.ensure_base_chain(chain);
    }
    batch.ensure_map(&ANY_ADDRESS);
    batch.ensure_map(&ONE_ADDRESS);
    write_raw(batch);
    for chain in [PREROUTING, OUTPUT] {
        write_destination_nat(batch, chain);
    }
}

/// A port published on 127.0.0.1 must not be reachable from outside, `route_localnet` or not (contract 3.5.7).
fn write_raw(batch: &mut Batch<'_>) {
    batch.flush_chain(RAW);
    batch.append_rule(RAW, Rule::new().destination_in(LOOPBACK).not_entering_by("lo").then(&Verdict::Drop));
}

fn write_destination_nat(batch: &mut Batch<'_>, chain: &str) {
    batch.flush_chain(chain);
    batch.append_rule(chain, Rule::new().look_up_address_and_port(&ONE_ADDRESS));
    batch.append_rule(chain, Rule::new().destination_is_local().look_up_port(&ANY_ADDRESS));
}
