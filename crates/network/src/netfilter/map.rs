//! Maps: from a key made of a packet's fields to a verdict or a destination.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::rule::{Protocol, Verdict, data, destination_value};
use crate::netlink::AttributeWriter;

const SET_TABLE: u16 = 1;
const SET_NAME: u16 = 2;
const SET_FLAGS: u16 = 3;
const SET_KEY_TYPE: u16 = 4;
const SET_KEY_LENGTH: u16 = 5;
const SET_DATA_TYPE: u16 = 6;
const SET_DATA_LENGTH: u16 = 7;
const SET_ID: u16 = 10;
const SET_USERDATA: u16 = 13;
const ELEMENTS_TABLE: u16 = 1;
const ELEMENTS_SET: u16 = 2;
const ELEMENTS_LIST: u16 = 3;
const ELEMENTS_SET_ID: u16 = 4;
const ELEMENT_KEY: u16 = 1;
const ELEMENT_DATA: u16 = 2;
const LIST_ELEMENT: u16 = 1;
const LOOKUP_SET: u16 = 1;
const LOOKUP_SET_ID: u16 = 4;

const FLAG_ANONYMOUS: u32 = 1;
const FLAG_CONSTANT: u32 = 2;
const FLAG_MAP: u32 = 8;
const DATA_IS_VERDICT: u32 = 0xffff_ff00;

/// Kind, length and value of a note for programs that show maps.
const KEYS_IN_HOST_BYTE_ORDER: [u8; 6] = {
    let [a, b, c, d] = 1u32.to_ne_bytes();
    [0, 4, a, b, c, d]
};

// Numbers that only programs which show rules give a meaning to; a concatenation shifts by 6 bits.
const TYPE_INTEGER: u32 = 4;
const TYPE_IPV4_ADDRESS: u32 = 7;
const TYPE_PROTOCOL: u32 = 12;
const TYPE_PORT: u32 = 13;

/// The description of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Map {
    name: &'static str,
    /// A map that belongs to one rule is named by the kernel; within its batch this number refers to it.
    anonymous_id: Option<u32>,
    key_type: u32,
    key_length: u32,
    data_type: u32,
    data_length: Option<u32>,
}

impl Map {
    /// From protocol and port to a verdict.
    pub(crate) const fn by_port(name: &'static str) -> Self {
        Self::verdicts(name, TYPE_PROTOCOL << 6 | TYPE_PORT, 8)
    }

    /// From address, protocol and port to a verdict.
    pub(crate) const fn by_address_and_port(name: &'static str) -> Self {
        Self::verdicts(name, (TYPE_IPV4_ADDRESS << 6 | TYPE_PROTOCOL) << 6 | TYPE_PORT, 12)
    }

    const fn verdicts(name: &'static str, key_type: u32, key_length: u32) -> Self {
        let (anonymous_id, data_length) = (None, None);
        Self { name, anonymous_id, key_type, key_length, data_type: DATA_IS_VERDICT, data_length }
    }

    /// The key of [`Map::by_port`].
    pub(crate) fn port_key(protocol: Protocol, port: u16) -> Vec<u8> {
        let [high, low] = port.to_be_bytes();
        vec![protocol.number(), 0, 0, 0, high, low, 0, 0]
    }

    /// The key of [`Map::by_address_and_port`].
    pub(crate) fn address_and_port_key(address: Ipv4Addr, protocol: Protocol, port: u16) -> Vec<u8> {
        let mut key = address.octets().to_vec();
        key.extend(Self::port_key(protocol, port));
        key
    }

    /// A verdict as an entry's value.
    pub(crate) fn verdict(verdict: &Verdict) -> AttributeWriter {
        verdict.data()
    }

    /// A map that belongs to one rule; see [`super::Batch::backend_map`].
    pub(super) fn of_backends(id: u32, backends: &[SocketAddrV4]) -> (Self, Vec<(Vec<u8>, AttributeWriter)>) {
        let map = Self {
            name: "__map%d",
            anonymous_id: Some(id),
            key_type: TYPE_INTEGER,
            key_length: 4,
            data_type: TYPE_IPV4_ADDRESS << 6 | TYPE_PORT,
            data_length: Some(8),
        };
        let entries = (0u32..).zip(backends);
        // The kernel counts in its own byte order.
        let entries =
            entries.map(|(turn, backend)| (turn.to_ne_bytes().to_vec(), data(&destination_value(*backend))));
        (map, entries.collect())
    }

    pub(super) fn describe(&self, attributes: AttributeWriter, table: &str) -> AttributeWriter {
        let anonymous = if self.anonymous_id.is_some() { FLAG_ANONYMOUS | FLAG_CONSTANT } else { 0 };
        let attributes = attributes
            .text(SET_TABLE, table)
            .text(SET_NAME, self.name)
            .be32(SET_FLAGS, FLAG_MAP | anonymous)
            .be32(SET_KEY_TYPE, self.key_type)
            .be32(SET_KEY_LENGTH, self.key_length)
            .be32(SET_DATA_TYPE, self.data_type)
            .be32(SET_ID, self.anonymous_id.unwrap_or(0));
        match self.data_length {
            Some(length) => {
                attributes.be32(SET_DATA_LENGTH, length).bytes(SET_USERDATA, &KEYS_IN_HOST_BYTE_ORDER)
            }
            None => attributes,
        }
    }

    pub(super) fn entries(
        &self,
        attributes: AttributeWriter,
        table: &str,
        entries: &[(Vec<u8>, AttributeWriter)],
    ) -> AttributeWriter {
        let list = entries.iter().fold(AttributeWriter::default(), |list, (key, value)| {
            let entry =
                AttributeWriter::default().nested(ELEMENT_KEY, data(key)).nested(ELEMENT_DATA, value.clone());
            list.nested(LIST_ELEMENT, entry)
        });
        self.elements(attributes, table, list)
    }

    pub(super) fn key(&self, attributes: AttributeWriter, table: &str, key: &[u8]) -> AttributeWriter {
        let entry = AttributeWriter::default().nested(ELEMENT_KEY, data(key));
        self.elements(attributes, table, AttributeWriter::default().nested(LIST_ELEMENT, entry))
    }

    /// Names the map in a lookup.
    pub(super) fn reference(&self, attributes: AttributeWriter) -> AttributeWriter {
        let attributes = attributes.text(LOOKUP_SET, self.name);
        match self.anonymous_id {
            Some(id) => attributes.be32(LOOKUP_SET_ID, id),
            None => attributes,
        }
    }

    fn elements(&self, attributes: AttributeWriter, table: &str, list: AttributeWriter) -> AttributeWriter {
        let attributes = attributes.text(ELEMENTS_TABLE, table).text(ELEMENTS_SET, self.name);
        let attributes = match self.anonymous_id {
            Some(id) => attributes.be32(ELEMENTS_SET_ID, id),
            None => attributes,
        };
        attributes.nested(ELEMENTS_LIST, list)
    }
}
