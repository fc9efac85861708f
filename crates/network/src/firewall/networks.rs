//! The rules of networks: isolation (contract 3.3.1, 3.3.3) and masquerading.

use super::chains::{FORWARD, LOOPBACK, POSTROUTING};
use crate::netfilter::{Batch, Rule, Verdict};
use crate::subnet::Ipv4Subnet;

/// What the firewall must know of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkRules {
    pub(crate) bridge: String,
    pub(crate) subnet: Ipv4Subnet,
    /// No way out, and none in.
    pub(crate) internal: bool,
    /// Whether what leaves gets the host's address.
    pub(crate) masquerade: bool,
    /// Whether containers of the network may talk to each other.
    pub(crate) communication: bool,
}

/// Replaces the rules of all networks.
pub(super) fn write(batch: &mut Batch<'_>, networks: &[NetworkRules]) {
    write_forward(batch, networks);
    write_postrouting(batch, networks);
}

/// All ways in come before all ways out: the first network's "may leave" must not let a packet into the second.
fn write_forward(batch: &mut Batch<'_>, networks: &[NetworkRules]) {
    batch.flush_chain(FORWARD);
    batch.append_rule(FORWARD, Rule::new().of_known_connection().then(&Verdict::Accept));
    for network in networks.iter().filter(|network| network.internal) {
        let leaving = Rule::new().entering_by(&network.bridge).not_leaving_by(&network.bridge);
        batch.append_rule(FORWARD, leaving.then(&Verdict::Drop));
    }
    for network in networks {
        write_ways_in(batch, network);
    }
    for network in networks {
        batch.append_rule(FORWARD, Rule::new().entering_by(&network.bridge).then(&Verdict::Accept));
    }
}

fn write_ways_in(batch: &mut Batch<'_>, network: &NetworkRules) {
    let entering = || Rule::new().leaving_by(&network.bridge);
    let within = if network.communication { Verdict::Accept } else { Verdict::Drop };
    if !network.internal {
        batch.append_rule(FORWARD, entering().of_rewritten_connection().then(&Verdict::Accept));
    }
    batch.append_rule(FORWARD, entering().entering_by(&network.bridge).then(&within));
    batch.append_rule(FORWARD, entering().then(&Verdict::Drop));
}

fn write_postrouting(batch: &mut Batch<'_>, networks: &[NetworkRules]) {
    batch.flush_chain(POSTROUTING);
    for network in networks {
        let entering = || Rule::new().leaving_by(&network.bridge);
        // The host talked to 127.0.0.1, which means nothing to the container that answers.
        batch.append_rule(POSTROUTING, entering().source_in(LOOPBACK).masquerade());
        // A container reached its own network by a published port: the answer must come back the same way.
        let turned = entering().source_in(network.subnet).of_rewritten_connection();
        batch.append_rule(POSTROUTING, turned.masquerade());
        if network.masquerade && !network.internal {
            let leaving = Rule::new().source_in(network.subnet).not_leaving_by(&network.bridge);
            batch.append_rule(POSTROUTING, leaving.masquerade());
        }
    }
}
