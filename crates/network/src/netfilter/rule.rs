//! Rules: what a packet must look like, and what happens to it then.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde::{Deserialize, Serialize};

use crate::netlink::AttributeWriter;
use crate::subnet::Ipv4Subnet;

/// Four bytes each; a concatenated key lies in neighbouring ones.
const REGISTER_0: u32 = 8;
const REGISTER_1: u32 = 9;
const REGISTER_2: u32 = 10;
const VERDICT_REGISTER: u32 = 0;

const RULE_EXPRESSIONS: u16 = 4;
const RULE_USERDATA: u16 = 7;
const LIST_ELEMENT: u16 = 1;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const VERDICT_CHAIN: u16 = 2;

const META_IN_NAME: u32 = 6;
const META_OUT_NAME: u32 = 7;
const META_PROTOCOL: u32 = 16;
const EQUAL: u32 = 0;
const NOT_EQUAL: u32 = 1;
const NETWORK_HEADER: u32 = 1;
const TRANSPORT_HEADER: u32 = 2;
const SOURCE: u32 = 12;
const DESTINATION: u32 = 16;
const CT_STATE: u32 = 0;
const CT_STATUS: u32 = 2;
/// `ESTABLISHED | RELATED` as nf_tables numbers them.
const STATE_KNOWN: u32 = 2 | 4;
/// `IPS_DST_NAT`.
const STATUS_DNAT: u32 = 1 << 5;
const FIB_ADDRESS_TYPE: u32 = 3;
const FIB_BY_DESTINATION: u32 = 2;
const ROUTE_LOCAL: u32 = 2;
const NAT_DESTINATION: u32 = 1;
/// Kind of the userdata that programs show as a comment.
const USERDATA_COMMENT: u8 = 0;

/// A transport protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Transmission Control Protocol.
    Tcp,
    /// User Datagram Protocol.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// The protocol's number in an IP header.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

/// Where a packet goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Drop,
    Accept,
    /// On in another chain, and not back.
    Goto(String),
}

impl Verdict {
    /// As data of a rule or of a map.
    pub(super) fn data(&self) -> AttributeWriter {
        let (code, chain) = match self {
            Self::Drop => (0, None),
            Self::Accept => (1, None),
            Self::Goto(chain) => (-4i32, Some(chain)),
        };
        let verdict = AttributeWriter::default().be32(VERDICT_CODE, code.cast_unsigned());
        let verdict = chain.map_or(verdict.clone(), |chain| verdict.text(VERDICT_CHAIN, chain));
        AttributeWriter::default().nested(DATA_VERDICT, verdict)
    }
}

/// A rule under construction: conditions first, what is done last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    expressions: AttributeWriter,
    comment: Option<String>,
}

impl Rule {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A text that rule listings show, and that finds the rule again.
    pub(crate) fn comment(mut self, text: &str) -> Self {
        self.comment = Some(text.to_owned());
        self
    }

    /// Came in by this interface.
    pub(crate) fn entering_by(self, name: &str) -> Self {
        self.meta(META_IN_NAME, REGISTER_0).compare(EQUAL, &interface_name(name))
    }

    /// Came in by another interface.
    pub(crate) fn not_entering_by(self, name: &str) -> Self {
        self.meta(META_IN_NAME, REGISTER_0).compare(NOT_EQUAL, &interface_name(name))
    }

    /// Leaves by this interface.
    pub(crate) fn leaving_by(self, name: &str) -> Self {
        self.meta(META_OUT_NAME, REGISTER_0).compare(EQUAL, &interface_name(name))
    }

    /// Leaves by another interface.
    pub(crate) fn not_leaving_by(self, name: &str) -> Self {
        self.meta(META_OUT_NAME, REGISTER_0).compare(NOT_EQUAL, &interface_name(name))
    }

    /// Comes from an address of the subnet.
    pub(crate) fn source_in(self, subnet: Ipv4Subnet) -> Self {
        self.address_in(SOURCE, subnet)
    }

    /// Goes to an address of the subnet.
    pub(crate) fn destination_in(self, subnet: Ipv4Subnet) -> Self {
        self.address_in(DESTINATION, subnet)
    }

    /// Goes to this port.
    pub(crate) fn destination_port(self, protocol: Protocol, port: u16) -> Self {
        self.meta(META_PROTOCOL, REGISTER_0)
            .compare(EQUAL, &[protocol.number()])
            .payload(TRANSPORT_HEADER, 2, 2, REGISTER_0)
            .compare(EQUAL, &port.to_be_bytes())
    }

    /// Goes to an address of this host.
    pub(crate) fn destination_is_local(self) -> Self {
        let data = AttributeWriter::default()
            .be32(1, REGISTER_0)
            .be32(2, FIB_ADDRESS_TYPE)
            .be32(3, FIB_BY_DESTINATION);
        self.expression("fib", data).compare(EQUAL, &ROUTE_LOCAL.to_ne_bytes())
    }

    /// Belongs to a connection that was let through before.
    pub(crate) fn of_known_connection(self) -> Self {
        self.connection_bits(CT_STATE, STATE_KNOWN)
    }

    /// Belongs to a connection whose destination was rewritten.
    pub(crate) fn of_rewritten_connection(self) -> Self {
        self.connection_bits(CT_STATUS, STATUS_DNAT)
    }

    /// Is counted; programs that show iptables rules expect it.
    pub(crate) fn counted(self) -> Self {
        self.expression("counter", AttributeWriter::default())
    }

    /// Ends with a verdict.
    pub(crate) fn then(self, verdict: &Verdict) -> Self {
        let data = AttributeWriter::default().be32(1, VERDICT_REGISTER).nested(2, verdict.data());
        self.expression("immediate", data)
    }

    /// Ends with the source rewritten to the address of the interface it leaves by.
    pub(crate) fn masquerade(self) -> Self {
        self.expression("masq", AttributeWriter::default())
    }

    /// Ends with the destination rewritten.
    pub(crate) fn rewrite_destination(self, destination: SocketAddrV4) -> Self {
        self.immediate(REGISTER_0, &destination.ip().octets())
            .immediate(REGISTER_1, &destination.port().to_be_bytes())
            .rewrite_to_registers()
    }

    /// Ends with the destination rewritten to the entries of a [`super::Batch::backend_map`] in turn. `count` is not 0.
    pub(crate) fn rewrite_destination_in_turn(self, map: &super::Map, count: u32) -> Self {
        let turn = AttributeWriter::default().be32(1, REGISTER_0).be32(2, count).be32(3, 0).be32(4, 0);
        self.expression("numgen", turn).look_up(map, REGISTER_0).rewrite_to_registers()
    }

    /// Ends with the verdict that a map has for protocol and destination port, if it has one.
    pub(crate) fn look_up_port(self, map: &super::Map) -> Self {
        self.meta(META_PROTOCOL, REGISTER_0)
            .payload(TRANSPORT_HEADER, 2, 2, REGISTER_1)
            .look_up(map, VERDICT_REGISTER)
    }

    /// Ends with the verdict that a map has for destination address, protocol and port, if it has one.
    pub(crate) fn look_up_address_and_port(self, map: &super::Map) -> Self {
        self.payload(NETWORK_HEADER, DESTINATION, 4, REGISTER_0)
            .meta(META_PROTOCOL, REGISTER_1)
            .payload(TRANSPORT_HEADER, 2, 2, REGISTER_2)
            .look_up(map, VERDICT_REGISTER)
    }

    pub(super) fn write(self, attributes: AttributeWriter) -> AttributeWriter {
        let attributes = attributes.nested(RULE_EXPRESSIONS, self.expressions);
        match self.comment {
            Some(comment) => attributes.bytes(RULE_USERDATA, &comment_userdata(&comment)),
            None => attributes,
        }
    }

    fn address_in(self, offset: u32, subnet: Ipv4Subnet) -> Self {
        self.payload(NETWORK_HEADER, offset, 4, REGISTER_0)
            .mask(&subnet.netmask().octets())
            .compare(EQUAL, &subnet.network().octets())
    }

    fn connection_bits(self, key: u32, bits: u32) -> Self {
        let load = AttributeWriter::default().be32(1, REGISTER_0).be32(2, key);
        self.expression("ct", load).mask(&bits.to_ne_bytes()).compare(NOT_EQUAL, &[0; 4])
    }

    fn meta(self, key: u32, register: u32) -> Self {
        self.expression("meta", AttributeWriter::default().be32(1, register).be32(2, key))
    }

    fn payload(self, base: u32, offset: u32, length: u32, register: u32) -> Self {
        let data = AttributeWriter::default().be32(1, register).be32(2, base).be32(3, offset).be32(4, length);
        self.expression("payload", data)
    }

    fn compare(self, operation: u32, value: &[u8]) -> Self {
        let data = AttributeWriter::default().be32(1, REGISTER_0).be32(2, operation).nested(3, data(value));
        self.expression("cmp", data)
    }

    fn mask(self, mask: &[u8; 4]) -> Self {
        let data = AttributeWriter::default()
            .be32(1, REGISTER_0)
            .be32(2, REGISTER_0)
            .be32(3, 4)
            .nested(4, data(mask))
            .nested(5, data(&[0; 4]));
        self.expression("bitwise", data)
    }

    fn immediate(self, register: u32, value: &[u8]) -> Self {
        self.expression("immediate", AttributeWriter::default().be32(1, register).nested(2, data(value)))
    }

    fn look_up(self, map: &super::Map, destination: u32) -> Self {
        let lookup = map.reference(AttributeWriter::default()).be32(2, REGISTER_0).be32(3, destination);
        self.expression("lookup", lookup)
    }

    fn rewrite_to_registers(self) -> Self {
        let family = libc::AF_INET.cast_unsigned();
        let data = AttributeWriter::default()
            .be32(1, NAT_DESTINATION)
            .be32(2, family)
            .be32(3, REGISTER_0)
            .be32(5, REGISTER_1);
        self.expression("nat", data)
    }

    fn expression(mut self, name: &str, data: AttributeWriter) -> Self {
        let expression = AttributeWriter::default().text(EXPRESSION_NAME, name).nested(EXPRESSION_DATA, data);
        self.expressions = self.expressions.nested(LIST_ELEMENT, expression);
        self
    }
}

/// A value as data of a comparison, or of a map.
pub(super) fn data(value: &[u8]) -> AttributeWriter {
    AttributeWriter::default().bytes(DATA_VALUE, value)
}

/// An address and a port as the value of a [`super::Batch::backend_map`]: each takes a register of four bytes.
pub(super) fn destination_value(destination: SocketAddrV4) -> [u8; 8] {
    let [a, b, c, d] = Ipv4Addr::octets(destination.ip());
    let [high, low] = destination.port().to_be_bytes();
    [a, b, c, d, high, low, 0, 0]
}

/// Comparisons of names are over all 16 bytes, so that a prefix does not match.
fn interface_name(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (byte, character) in bytes.iter_mut().zip(name.bytes().take(15)) {
        *byte = character;
    }
    bytes
}

fn comment_userdata(comment: &str) -> Vec<u8> {
    let text: Vec<u8> = comment.bytes().take(250).chain([0]).collect();
    let mut userdata = vec![USERDATA_COMMENT, u8::try_from(text.len()).unwrap_or(u8::MAX)];
    userdata.extend(text);
    userdata
}
