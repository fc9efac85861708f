//! One transaction: everything in it takes effect at once, or nothing does.

use std::net::SocketAddrV4;

use netlink_packet_core::{NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE};

use super::map::Map;
use super::rule::Rule;
use crate::netlink::{AttributeWriter, Message};

pub(super) const SUBSYSTEM: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEW_TABLE: u16 = 0;
const DELETE_TABLE: u16 = 2;
const NEW_CHAIN: u16 = 3;
const DELETE_CHAIN: u16 = 5;
const NEW_RULE: u16 = 6;
const DELETE_RULE: u16 = 8;
const NEW_SET: u16 = 9;
const NEW_ELEMENT: u16 = 12;
const DELETE_ELEMENT: u16 = 14;

const TABLE_NAME: u16 = 1;
const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const CHAIN_TYPE: u16 = 7;
const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_HANDLE: u16 = 3;
const POLICY_ACCEPT: u32 = 1;

/// Where in a packet's way a base chain looks at it (`NF_INET_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    Prerouting = 0,
    Forward = 2,
    Output = 3,
    Postrouting = 4,
}

/// A chain that the kernel calls by itself. What it does not decide passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseChain {
    pub(crate) name: &'static str,
    /// `filter` or `nat`.
    pub(crate) kind: &'static str,
    pub(crate) hook: Hook,
    /// Lower comes first.
    pub(crate) priority: i32,
}

/// Changes to one IPv4 table.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    table: &'a str,
    messages: Vec<Message>,
    /// Maps of single rules so far; the kernel tells them apart by a number within the batch.
    backend_maps: u32,
}

impl<'a> Batch<'a> {
    /// Starts an empty transaction on the table.
    pub(crate) fn new(table: &'a str) -> Self {
        Self { table, messages: Vec::new(), backend_maps: 0 }
    }

    /// Makes the table unless it exists.
    pub(crate) fn ensure_table(&mut self) {
        let attributes = header(libc::AF_INET).text(TABLE_NAME, self.table);
        self.push(NEW_TABLE, NLM_F_CREATE, attributes);
    }

    /// Removes the table with all that is in it; it must exist.
    pub(crate) fn delete_table(&mut self) {
        let attributes = header(libc::AF_INET).text(TABLE_NAME, self.table);
        self.push(DELETE_TABLE, 0, attributes);
    }

    /// Makes a base chain unless it exists.
    pub(crate) fn ensure_base_chain(&mut self, chain: BaseChain) {
        let hook = AttributeWriter::default()
            .be32(HOOK_NUMBER, chain.hook as u32)
            .be32(HOOK_PRIORITY, chain.priority.cast_unsigned());
        let attributes = header(libc::AF_INET)
            .text(CHAIN_TABLE, self.table)
            .text(CHAIN_NAME, chain.name)
            .nested(CHAIN_HOOK, hook)
            .be32(CHAIN_POLICY, POLICY_ACCEPT)
            .text(CHAIN_TYPE, chain.kind);
        self.push(NEW_CHAIN, NLM_F_CREATE, attributes);
    }

    /// Makes a chain that is only jumped to, unless it exists.
    pub(crate) fn ensure_chain(&mut self, name: &str) {
        let attributes = header(libc::AF_INET).text(CHAIN_TABLE, self.table).text(CHAIN_NAME, name);
        self.push(NEW_CHAIN, NLM_F_CREATE, attributes);
    }

    /// Removes a chain with its rules; nothing may refer to it any more.
    pub(crate) fn delete_chain(&mut self, name: &str) {
        let attributes = header(libc::AF_INET).text(CHAIN_TABLE, self.table).text(CHAIN_NAME, name);
        self.push(DELETE_CHAIN, 0, attributes);
    }

    /// Removes all rules of a chain.
    pub(crate) fn flush_chain(&mut self, name: &str) {
        let attributes = header(libc::AF_INET).text(RULE_TABLE, self.table).text(RULE_CHAIN, name);
        self.push(DELETE_RULE, 0, attributes);
    }

    /// Adds a rule at the end of a chain.
    pub(crate) fn append_rule(&mut self, chain: &str, rule: Rule) {
        let attributes = header(libc::AF_INET).text(RULE_TABLE, self.table).text(RULE_CHAIN, chain);
        self.push(NEW_RULE, NLM_F_CREATE | NLM_F_APPEND, rule.write(attributes));
    }

    /// Adds a rule at the beginning of a chain.
    pub(crate) fn insert_rule(&mut self, chain: &str, rule: Rule) {
        let attributes = header(libc::AF_INET).text(RULE_TABLE, self.table).text(RULE_CHAIN, chain);
        self.push(NEW_RULE, NLM_F_CREATE, rule.write(attributes));
    }

    /// Removes one rule by the number that the kernel gave it.
    pub(crate) fn delete_rule(&mut self, chain: &str, handle: u64) {
        let attributes = header(libc::AF_INET)
            .text(RULE_TABLE, self.table)
            .text(RULE_CHAIN, chain)
            .be64(RULE_HANDLE, handle);
        self.push(DELETE_RULE, 0, attributes);
    }

    /// Makes a map unless it exists.
    pub(crate) fn ensure_map(&mut self, map: &Map) {
        let attributes = map.describe(header(libc::AF_INET), self.table);
        self.push(NEW_SET, NLM_F_CREATE, attributes);
    }

    /// Puts entries (key, [`super::Verdict`] or value) into a map; entries that are there stay.
    pub(crate) fn add_entries(&mut self, map: &Map, entries: &[(Vec<u8>, AttributeWriter)]) {
        let attributes = map.entries(header(libc::AF_INET), self.table, entries);
        self.push(NEW_ELEMENT, NLM_F_CREATE, attributes);
    }

    /// A map for one rule, from 0, 1, 2… to the backends in their order, with its entries.
    pub(crate) fn backend_map(
        &mut self,
        backends: &[SocketAddrV4],
    ) -> (Map, Vec<(Vec<u8>, AttributeWriter)>) {
        self.backend_maps += 1;
        Map::of_backends(self.backend_maps, backends)
    }

    /// Takes one key out of a map.
    pub(crate) fn delete_key(&mut self, map: &Map, key: &[u8]) {
        let attributes = map.key(header(libc::AF_INET), self.table, key);
        self.push(DELETE_ELEMENT, 0, attributes);
    }

    /// The transaction's messages. Only the last change asks for an acknowledgement: before Linux 6.10 the kernel does
    /// not acknowledge the end of a batch, and refusals come unasked.
    pub(super) fn finish(mut self) -> Vec<Message> {
        if let Some(last) = self.messages.last_mut() {
            last.flags |= NLM_F_ACK;
        }
        let mut all = vec![bracket(BATCH_BEGIN)];
        all.append(&mut self.messages);
        all.push(bracket(BATCH_END));
        all
    }

    fn push(&mut self, kind: u16, flags: u16, attributes: AttributeWriter) {
        self.messages.push(Message { kind: SUBSYSTEM << 8 | kind, flags, payload: attributes.finish() });
    }
}

/// `struct nfgenmsg` of a request about a family's tables.
pub(super) fn header(family: i32) -> AttributeWriter {
    AttributeWriter::after(&[u8::try_from(family).unwrap_or(0), 0, 0, 0])
}

fn bracket(kind: u16) -> Message {
    let [high, low] = SUBSYSTEM.to_be_bytes();
    Message { kind, flags: 0, payload: vec![0, 0, high, low] }
}
