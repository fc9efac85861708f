//! Decides what to do with one query; pure.

use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;

use simple_dns::rdata::{A, PTR, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};

use super::names::Names;
use super::view::View;

/// Of our answers, seconds (contract 3.6.5).
const TIME_TO_LIVE: u32 = 600;
/// Without EDNS, a UDP answer is no longer than this, bytes (RFC 1035 section 2.3.4).
const PLAIN_UDP_SIZE: usize = 512;
const REVERSE_ZONE: &str = ".in-addr.arpa";

/// What becomes of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// These bytes are the answer.
    Reply(Vec<u8>),
    /// Somebody else must know.
    Forward,
    /// Not a query; nothing is said.
    Silence,
}

/// Answers what is known here. A known name has no other records than its addresses: saying so, instead of passing
/// the query on, keeps the name from leaking and resolvers from failing (contract 3.6.6).
pub(super) fn answer(query: &[u8], view: &View, names: &Names) -> Answer {
    let Ok(packet) = Packet::parse(query) else {
        return error_reply(query, RCODE::FormatError);
    };
    if packet.has_flags(PacketFlag::RESPONSE) {
        return Answer::Silence;
    }
    let [question] = packet.questions.as_slice() else {
        return error_reply(query, RCODE::FormatError);
    };
    let name = question.qname.to_string().to_lowercase();
    if question.qtype == QTYPE::TYPE(TYPE::PTR) {
        return reverse_address(&name)
            .and_then(|address| view.reverse(names, address))
            .map_or(Answer::Forward, |full_name| reply_with_name(&packet, &full_name));
    }
    let addresses = view.look_up(names, &name);
    if !addresses.is_empty() {
        let wanted = matches!(question.qtype, QTYPE::TYPE(TYPE::A) | QTYPE::ANY);
        return reply_with_addresses(&packet, if wanted { shuffled(addresses) } else { Vec::new() });
    }
    let about_address = matches!(question.qtype, QTYPE::TYPE(TYPE::A | TYPE::AAAA));
    if about_address && view.short_names_stay && !name.contains('.') {
        return reply_with_addresses(&packet, Vec::new());
    }
    Answer::Forward
}

/// An answer that carries nothing but an error.
pub(super) fn error_reply(query: &[u8], code: RCODE) -> Answer {
    let Some(id) = query.get(..2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes) else {
        return Answer::Silence;
    };
    let mut reply = match Packet::parse(query) {
        Ok(packet) => reply_to(&packet),
        Err(_) => Packet::new_reply(id),
    };
    *reply.rcode_mut() = code;
    encode(&reply)
}

/// Shortens an answer to what the client takes by UDP, by leaving out its records and saying so.
pub(super) fn fit_udp(query: &[u8], reply: Vec<u8>) -> Vec<u8> {
    let accepted = Packet::parse(query)
        .ok()
        .and_then(|packet| packet.opt().map(|option| usize::from(option.udp_packet_size)))
        .map_or(PLAIN_UDP_SIZE, |size| size.max(PLAIN_UDP_SIZE));
    if reply.len() <= accepted {
        return reply;
    }
    let Ok(mut packet) = Packet::parse(&reply) else { return reply };
    packet.answers.clear();
    packet.name_servers.clear();
    packet.additional_records.clear();
    packet.set_flags(PacketFlag::TRUNCATION);
    packet.build_bytes_vec_compressed().unwrap_or(reply)
}

fn reply_to<'a>(query: &Packet<'a>) -> Packet<'a> {
    let mut reply = Packet::new_reply(query.id());
    *reply.opcode_mut() = query.opcode();
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if query.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    reply.questions.clone_from(&query.questions);
    *reply.opt_mut() = query.opt().cloned().map(|mut option| {
        option.opt_codes.clear();
        option
    });
    reply
}

fn reply_with_addresses(query: &Packet<'_>, addresses: Vec<Ipv4Addr>) -> Answer {
    let mut reply = reply_to(query);
    for address in addresses {
        push(&mut reply, RData::A(A { address: address.to_bits() }));
    }
    encode(&reply)
}

fn reply_with_name(query: &Packet<'_>, full_name: &str) -> Answer {
    let Ok(name) = Name::new(full_name) else { return Answer::Forward };
    let mut reply = reply_to(query);
    push(&mut reply, RData::PTR(PTR(name.into_owned())));
    encode(&reply)
}

/// The record carries the name as the client spelled it.
fn push<'a>(reply: &mut Packet<'a>, data: RData<'a>) {
    if let Some(question) = reply.questions.first() {
        let record = ResourceRecord::new(question.qname.clone(), CLASS::IN, TIME_TO_LIVE, data);
        reply.answers.push(record);
    }
}

fn encode(reply: &Packet<'_>) -> Answer {
    reply.build_bytes_vec_compressed().map_or(Answer::Silence, Answer::Reply)
}

/// `2.0.18.172.in-addr.arpa` is 172.18.0.2.
fn reverse_address(name: &str) -> Option<Ipv4Addr> {
    let mut octets = name.strip_suffix(REVERSE_ZONE)?.split('.').map(str::parse::<u8>);
    let mut next = || octets.next()?.ok();
    let (d, c, b, a) = (next()?, next()?, next()?, next()?);
    octets.next().is_none().then_some(Ipv4Addr::new(a, b, c, d))
}

/// In random order, so that clients that take the first one spread over replicas (contract 3.6.5).
fn shuffled(mut addresses: Vec<Ipv4Addr>) -> Vec<Ipv4Addr> {
    let random = RandomState::new();
    addresses.sort_by_cached_key(|address| random.hash_one(address));
    addresses
}

#[cfg(test)]
mod tests {
    use simple_dns::{QCLASS, Question};

    use super::*;
    use crate::dns::view::tests::{names, view};
    use crate::resolv_conf::DnsSettings;

    fn query(name: &str, kind: TYPE) -> Vec<u8> {
        let mut packet = Packet::new_query(7);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let name = Name::new(name).unwrap();
        packet.questions.push(Question::new(name, kind.into(), QCLASS::CLASS(CLASS::IN), false));
        packet.build_bytes_vec().unwrap()
    }

    fn ask(name: &str, kind: TYPE) -> Answer {
        answer(&query(name, kind), &view(&DnsSettings::default(), true), &names())
    }

    fn records(answer: &Answer) -> Vec<String> {
        let Answer::Reply(bytes) = answer else { panic!("no reply: {answer:?}") };
        let packet = Packet::parse(bytes).unwrap();
        assert_eq!((packet.id(), packet.rcode()), (7, RCODE::NoError));
        assert!(packet.has_flags(PacketFlag::RECURSION_AVAILABLE | PacketFlag::RECURSION_DESIRED));
        packet.answers.iter().map(|record| format!("{} {:?}", record.name, record.rdata)).collect()
    }

    #[test]
    fn known_names_keep_their_spelling() {
        let reply = records(&ask("Db.FRONT", TYPE::A));
        assert_eq!(reply, [format!("Db.FRONT A(A {{ address: {} }})", 0x0a01_0002)]);
    }

    #[test]
    fn known_names_have_no_other_records() {
        for kind in [TYPE::AAAA, TYPE::MX, TYPE::TXT] {
            assert!(records(&ask("db", kind)).is_empty(), "{kind:?}");
        }
    }

    #[test]
    fn reverse_lookups() {
        let reply = records(&ask("2.0.1.10.in-addr.arpa", TYPE::PTR));
        assert!(reply[0].contains("db.front"), "{reply:?}");
        assert_eq!(ask("1.1.1.1.in-addr.arpa", TYPE::PTR), Answer::Forward);
        assert_eq!(ask("1.1.1.1.1.in-addr.arpa", TYPE::PTR), Answer::Forward);
    }

    #[test]
    fn unknown_names_go_on_unless_the_search_list_comes_first() {
        assert_eq!(ask("example.com", TYPE::A), Answer::Forward);
        assert_eq!(ask("typo", TYPE::A), Answer::Forward);
        let settings = DnsSettings { options: vec!["ndots:2".into()], ..DnsSettings::default() };
        let stays = answer(&query("typo", TYPE::A), &view(&settings, true), &names());
        assert!(records(&stays).is_empty());
    }

    #[test]
    fn nonsense_is_answered_with_an_error_or_not_at_all() {
        let view = view(&DnsSettings::default(), true);
        assert_eq!(answer(&[1], &view, &names()), Answer::Silence);
        let Answer::Reply(bytes) = answer(&[0, 9, 1, 0, 0, 1], &view, &names()) else { panic!("no reply") };
        assert_eq!(Packet::parse(&bytes).unwrap().rcode(), RCODE::FormatError);
        let response = Packet::new_reply(1).build_bytes_vec().unwrap();
        assert_eq!(answer(&response, &view, &names()), Answer::Silence);
    }

    #[test]
    fn long_answers_are_cut_for_udp() {
        let names = Names::default();
        let many = (0..100).map(|last| Ipv4Addr::new(10, 1, 1, last));
        many.for_each(|address| names.add("1", "front", address, &["many".into()]));
        let query = query("many", TYPE::A);
        let Answer::Reply(long) = answer(&query, &view(&DnsSettings::default(), true), &names) else {
            panic!("no reply")
        };
        let cut = fit_udp(&query, long);
        assert!(cut.len() <= PLAIN_UDP_SIZE);
        assert!(Packet::parse(&cut).unwrap().has_flags(PacketFlag::TRUNCATION));
    }
}
