//! Sends batches to the kernel, and reads back what its tables hold.

use std::io;

use netlink_sys::protocols::NETLINK_NETFILTER;

use super::batch::{Batch, SUBSYSTEM, header};
use crate::netlink::{Message, NetlinkSocket, attributes};

const GET_CHAIN: u16 = 4;
const GET_RULE: u16 = 7;
const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_POLICY: u16 = 5;
const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_HANDLE: u16 = 3;
const RULE_USERDATA: u16 = 7;
/// Size of `struct nfgenmsg`.
const FAMILY_HEADER: usize = 4;

/// A netfilter socket of one network namespace.
#[derive(Debug)]
pub(crate) struct NetfilterSocket(NetlinkSocket);

/// A chain as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainRecord {
    pub(crate) table: String,
    pub(crate) name: String,
    /// A base chain that drops what it does not decide.
    pub(crate) drops: bool,
}

/// A rule as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleRecord {
    pub(crate) handle: u64,
    pub(crate) comment: Option<String>,
}

impl NetfilterSocket {
    /// Opens a socket in the calling thread's network namespace.
    pub(crate) fn open() -> io::Result<Self> {
        NetlinkSocket::open(NETLINK_NETFILTER).map(Self)
    }

    /// Makes all changes of the batch, or none. An empty batch is nothing.
    pub(crate) fn commit(&mut self, batch: Batch<'_>) -> io::Result<()> {
        let messages = batch.finish();
        let Some(last) = u32::try_from(messages.len()).ok().and_then(|count| count.checked_sub(2)) else {
            return Ok(());
        };
        if last == 0 {
            return Ok(());
        }
        let first = self.0.send(&messages.iter().collect::<Vec<_>>())?;
        self.0.await_answer(first, first + last).map_err(|(place, error)| describe(&messages, place, error))
    }

    /// All IPv4 chains.
    pub(crate) fn chains(&mut self) -> io::Result<Vec<ChainRecord>> {
        let request =
            Message { kind: SUBSYSTEM << 8 | GET_CHAIN, flags: 0, payload: header(libc::AF_INET).finish() };
        Ok(self.0.dump(&request)?.iter().map(chain_record).collect())
    }

    /// The rules of one chain, in their order.
    pub(crate) fn rules(&mut self, table: &str, chain: &str) -> io::Result<Vec<RuleRecord>> {
        let request = header(libc::AF_INET).text(RULE_TABLE, table).text(RULE_CHAIN, chain);
        let request = Message { kind: SUBSYSTEM << 8 | GET_RULE, flags: 0, payload: request.finish() };
        Ok(self.0.dump(&request)?.iter().map(rule_record).collect())
    }
}

/// The kernel says only which message it refused; a name for it makes a report usable.
fn describe(messages: &[Message], place: u32, error: io::Error) -> io::Error {
    let what = match messages.get(place as usize).map(|message| message.kind & 0xff) {
        Some(0 | 2) => "table",
        Some(3 | 5) => "chain",
        Some(6 | 8) => "rule",
        Some(9) => "map",
        Some(12 | 14) => "map entry",
        _ => "transaction",
    };
    io::Error::new(error.kind(), format!("{what} (change {place} of {}): {error}", messages.len() - 2))
}

fn chain_record(message: &Message) -> ChainRecord {
    let mut record = ChainRecord { table: String::new(), name: String::new(), drops: false };
    for (kind, value) in attributes(message.payload.get(FAMILY_HEADER..).unwrap_or_default()) {
        match kind {
            CHAIN_TABLE => record.table = super::text(value),
            CHAIN_NAME => record.name = super::text(value),
            CHAIN_POLICY => record.drops = value == [0; 4],
            _ => {}
        }
    }
    record
}

fn rule_record(message: &Message) -> RuleRecord {
    let mut record = RuleRecord { handle: 0, comment: None };
    for (kind, value) in attributes(message.payload.get(FAMILY_HEADER..).unwrap_or_default()) {
        match kind {
            RULE_HANDLE => record.handle = value.try_into().map_or(0, u64::from_be_bytes),
            RULE_USERDATA => record.comment = value.get(2..).map(super::text),
            _ => {}
        }
    }
    record
}
