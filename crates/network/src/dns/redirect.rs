//! Leads port 53 of 127.0.0.11 to the resolver's sockets, by NAT inside the sandbox.

use std::io;
use std::net::SocketAddrV4;

use crate::netfilter::{BaseChain, Batch, Hook, NetfilterSocket, Protocol, Rule};
use crate::resolv_conf::EMBEDDED_RESOLVER;
use crate::subnet::Ipv4Subnet;

const TABLE: &str = "wharf-resolver";
const CHAIN: BaseChain = BaseChain { name: "output", kind: "nat", hook: Hook::Output, priority: -100 };
const DNS: u16 = 53;

/// Replaces the redirection in the calling thread's namespace. Answers find their way back by connection tracking.
pub(super) fn install(udp: SocketAddrV4, tcp: SocketAddrV4) -> io::Result<()> {
    let mut batch = Batch::new(TABLE);
    batch.ensure_table();
    batch.ensure_base_chain(CHAIN);
    batch.flush_chain(CHAIN.name);
    for (protocol, socket) in [(Protocol::Udp, udp), (Protocol::Tcp, tcp)] {
        let rule = Rule::new()
            .destination_in(Ipv4Subnet::containing(EMBEDDED_RESOLVER, 32))
            .destination_port(protocol, DNS);
        batch.append_rule(CHAIN.name, rule.rewrite_destination(socket));
    }
    NetfilterSocket::open()?.commit(batch)
}
