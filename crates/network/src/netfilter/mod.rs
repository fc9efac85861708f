//! A small nfnetlink encoder: tables, chains, rules and maps of nf_tables, sent as one atomic batch.
//!
//! No `nft` or `iptables` program is needed. It knows the kernel's encoding (`linux/netfilter/nf_tables.h`) and
//! nothing about networks or containers. Needs Linux 4.18 for NAT and maps in one batch.

mod batch;
mod events;
mod map;
mod rule;
mod socket;

pub(crate) use batch::{BaseChain, Batch, Hook};
pub(crate) use events::{ChangeListener, TableChange};
pub(crate) use map::Map;
pub use rule::Protocol;
pub(crate) use rule::{Rule, Verdict};
pub(crate) use socket::NetfilterSocket;

/// A text attribute, without its terminating zero.
fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(value)).into_owned()
}
