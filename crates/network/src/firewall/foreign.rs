//! Living beside another firewall: a drop in its table would stop our packets, whatever our table says.
//!
//! When the table `ip filter` of iptables drops forwarded packets by default (Docker sees to that), rules that admit our
//! bridges are put into it, in the form that iptables itself writes. Our own table still decides what is isolated.

use std::collections::BTreeSet;
use std::io;

use super::NetworkRules;
use crate::netfilter::{Batch, NetfilterSocket, Rule, Verdict};

const TABLE: &str = "filter";
const FORWARD: &str = "FORWARD";
const DOCKER_USER: &str = "DOCKER-USER";

/// Where in the chain our rules go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before what might refuse our packets.
    First,
    /// After the administrator's rules in DOCKER-USER.
    Last,
}

/// Makes the rules for our bridges in the foreign table be exactly those of `networks`.
pub(super) fn admit(socket: &mut NetfilterSocket, owner: &str, networks: &[NetworkRules]) -> io::Result<()> {
    let Some(place) = place(socket)? else { return Ok(()) };
    let wanted: BTreeSet<String> = networks.iter().map(|network| comment(owner, &network.bridge)).collect();
    let mut batch = Batch::new(TABLE);
    let mut present = BTreeSet::new();
    for rule in socket.rules(TABLE, FORWARD)? {
        let Some(text) = rule.comment.filter(|text| is_ours(owner, text)) else { continue };
        if !wanted.contains(&text) {
            batch.delete_rule(FORWARD, rule.handle);
        }
        present.insert(text);
    }
    for network in networks {
        if !present.contains(&comment(owner, &network.bridge)) {
            admit_bridge(&mut batch, place, owner, &network.bridge);
        }
    }
    socket.commit(batch)
}

/// Whether a chain is one whose appearance changes what we must do.
pub(super) fn is_relevant(table: &str, chain: &str) -> bool {
    table == TABLE && [FORWARD, DOCKER_USER].contains(&chain)
}

fn place(socket: &mut NetfilterSocket) -> io::Result<Option<Place>> {
    let chains = socket.chains()?;
    let find = |name| chains.iter().find(|chain| chain.table == TABLE && chain.name == name);
    let Some(forward) = find(FORWARD) else { return Ok(None) };
    if find(DOCKER_USER).is_some() {
        return Ok(Some(Place::Last));
    }
    Ok(forward.drops.then_some(Place::First))
}

fn admit_bridge(batch: &mut Batch<'_>, place: Place, owner: &str, bridge: &str) {
    for rule in [Rule::new().entering_by(bridge), Rule::new().leaving_by(bridge)] {
        let rule = rule.counted().then(&Verdict::Accept).comment(&comment(owner, bridge));
        match place {
            Place::First => batch.insert_rule(FORWARD, rule),
            Place::Last => batch.append_rule(FORWARD, rule),
        }
    }
}

fn comment(owner: &str, bridge: &str) -> String {
    format!("{owner}:{bridge}")
}

fn is_ours(owner: &str, comment: &str) -> bool {
    comment.strip_prefix(owner).is_some_and(|rest| rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use wharf_container::namespace::in_new_network_namespace;

    use super::*;
    use crate::netfilter::{BaseChain, Hook};

    fn network(bridge: &str) -> NetworkRules {
        let subnet = "10.0.0.0/24".parse().unwrap();
        NetworkRules { bridge: bridge.into(), subnet, internal: false, masquerade: true, communication: true }
    }

    fn comments(socket: &mut NetfilterSocket) -> Vec<String> {
        let rules = socket.rules(TABLE, FORWARD).unwrap();
        rules.into_iter().map(|rule| rule.comment.unwrap_or_else(|| "foreign".into())).collect()
    }

    #[test]
    fn rules_follow_the_bridges_and_leave_others_alone() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: making a network namespace needs root");
            return;
        }
        in_new_network_namespace(|_| {
            let mut socket = NetfilterSocket::open().unwrap();
            admit(&mut socket, "wharf", &[network("wh-1")]).unwrap();
            assert!(socket.chains().unwrap().is_empty(), "without iptables nothing is made");

            let mut batch = Batch::new(TABLE);
            batch.ensure_table();
            batch.ensure_base_chain(BaseChain {
                name: FORWARD,
                kind: "filter",
                hook: Hook::Forward,
                priority: 0,
            });
            batch.append_rule(FORWARD, Rule::new().entering_by("docker0").then(&Verdict::Accept));
            socket.commit(batch).unwrap();
            admit(&mut socket, "wharf", &[network("wh-1")]).unwrap();
            assert_eq!(comments(&mut socket), ["foreign"], "a chain that lets everything pass needs no rule");

            let mut batch = Batch::new(TABLE);
            batch.ensure_chain(DOCKER_USER);
            socket.commit(batch).unwrap();
            for _ in 0..2 {
                admit(&mut socket, "wharf", &[network("wh-1"), network("wh-2")]).unwrap();
            }
            admit(&mut socket, "wharf-other", &[network("wh-9")]).unwrap();
            let one = ["foreign", "wharf:wh-1", "wharf:wh-1", "wharf:wh-2", "wharf:wh-2"];
            assert_eq!(comments(&mut socket)[..5], one);
            admit(&mut socket, "wharf", &[]).unwrap();
            assert_eq!(comments(&mut socket), ["foreign", "wharf-other:wh-9", "wharf-other:wh-9"]);
        })
        .unwrap();
    }
}
