//! The resolver at 127.0.0.11 against the real kernel, asked as a container's C library does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;

use common::{DEADLINE, address, container, inside, network, on_host, sandbox};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, Question, RCODE, ResourceRecord, TYPE};
use wharf_network::{DnsSettings, EMBEDDED_RESOLVER, Link, NetworkSpec, Networks, Sandbox};

const RESOLVER: SocketAddr = SocketAddr::new(IpAddr::V4(EMBEDDED_RESOLVER), 53);
const UPSTREAM: &str = "127.0.0.53:53";

fn query(name: &str, kind: TYPE) -> Vec<u8> {
    let mut packet = Packet::new_query(4711);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(
        Name::new(name).unwrap(),
        kind.into(),
        QCLASS::CLASS(CLASS::IN),
        false,
    ));
    packet.build_bytes_vec().unwrap()
}

fn ask_udp(query: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.connect(RESOLVER).unwrap();
    socket.send(query).unwrap();
    let mut buffer = vec![0; 4096];
    let length = socket.recv(&mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

fn ask_tcp(query: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(RESOLVER).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(&u16::try_from(query.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(query).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).unwrap();
    reply
}

/// The answer's code, and its records as text in order.
fn read(reply: &[u8]) -> (RCODE, Vec<String>) {
    let packet = Packet::parse(reply).unwrap();
    assert_eq!(packet.id(), 4711);
    let mut records: Vec<_> = packet.answers.iter().map(record).collect();
    records.sort();
    (packet.rcode(), records)
}

fn record(record: &ResourceRecord<'_>) -> String {
    match &record.rdata {
        RData::A(data) => Ipv4Addr::from_bits(data.address).to_string(),
        RData::PTR(name) => name.0.to_string(),
        other => format!("{other:?}"),
    }
}

fn resolve(sandbox: &Sandbox, name: &str, kind: TYPE) -> (RCODE, Vec<String>) {
    inside(sandbox, || read(&ask_udp(&query(name, kind))))
}

fn found(addresses: &[Ipv4Addr]) -> (RCODE, Vec<String>) {
    let mut addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    addresses.sort();
    (RCODE::NoError, addresses)
}

/// A name server of the host, which answers every question with 1.2.3.4.
fn upstream_answers() {
    let socket = UdpSocket::bind(UPSTREAM).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let query = Packet::parse(&buffer[..length]).unwrap();
            let name = query.questions[0].qname.clone();
            let data = RData::A(Ipv4Addr::new(1, 2, 3, 4).into());
            let mut reply = query.into_reply();
            reply.answers.push(ResourceRecord::new(name, CLASS::IN, 1, data));
            let _ = socket.send_to(&reply.build_bytes_vec().unwrap(), client);
        }
    });
}

fn two_replicas(networks: &Networks) -> [Sandbox; 2] {
    ["shop-api-1", "shop-api-2"].map(|name| {
        let mut spec = container(name, &["shop_default"]);
        spec.endpoints[0].aliases = vec!["api".into(), name.into()];
        Sandbox::create(networks, &spec).unwrap()
    })
}

#[test]
fn names_of_a_network() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "shop_default");
        let [one, two] = two_replicas(&networks);
        let both = [address(&one), address(&two)];
        for (name, expected) in [
            ("api", &both[..]),
            ("API", &both),
            ("shop-api-2", &both[1..]),
            ("shop-api-1.shop_default", &both[..1]),
            ("host-of-shop-api-1", &both[..1]),
            ("shop-api-1--", &both[..1]),
        ] {
            assert_eq!(resolve(&one, name, TYPE::A), found(expected), "{name}");
        }
        assert_eq!(resolve(&one, "api", TYPE::AAAA), found(&[]), "known, but not by IPv6");
        let [a, b, c, d] = both[1].octets();
        let reverse = resolve(&one, &format!("{d}.{c}.{b}.{a}.in-addr.arpa"), TYPE::PTR);
        assert_eq!(reverse, (RCODE::NoError, vec!["shop-api-2.shop_default".into()]));
        let by_tcp = inside(&one, || read(&ask_tcp(&query("api", TYPE::A))));
        assert_eq!(by_tcp, found(&both));

        two.remove().unwrap();
        assert_eq!(resolve(&one, "api", TYPE::A), found(&both[..1]), "a stopped container has no name");
    });
}

#[test]
fn names_of_other_networks_are_unknown_until_connected() {
    on_host(|host| {
        upstream_answers();
        let networks = host.engine("a");
        for name in ["front", "back"] {
            network(&networks, name);
        }
        let mut web = sandbox(&networks, "web", &["front"]);
        let db = sandbox(&networks, "db", &["back"]);
        let elsewhere = (RCODE::NoError, vec!["1.2.3.4".to_owned()]);
        assert_eq!(resolve(&web, "db", TYPE::A), elsewhere);
        let spec = container("web", &["back"]).endpoints.remove(0);
        web.connect(&spec).unwrap();
        assert_eq!(resolve(&web, "db", TYPE::A), found(&[address(&db)]));
        web.disconnect("back").unwrap();
        assert_eq!(resolve(&web, "db", TYPE::A), elsewhere);
    });
}

#[test]
fn a_link_is_a_name_for_one_container() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let db = sandbox(&networks, "db", &["net"]);
        let mut spec = container("web", &["net"]);
        spec.endpoints[0].links = vec![Link { container: "db".into(), alias: "database".into() }];
        let web = Sandbox::create(&networks, &spec).unwrap();
        assert_eq!(resolve(&web, "database", TYPE::A), found(&[address(&db)]));
        assert_eq!(resolve(&db, "database", TYPE::A).0, RCODE::ServerFailure, "nobody answers at 127.0.0.53");
    });
}

#[test]
fn unknown_names_go_to_the_hosts_server_unless_the_network_is_internal() {
    on_host(|host| {
        upstream_answers();
        let networks = host.engine("a");
        network(&networks, "net");
        let spec = NetworkSpec { name: "inner".into(), internal: true, ..NetworkSpec::default() };
        networks.create(spec).unwrap();
        let (outer, inner) = (sandbox(&networks, "outer", &["net"]), sandbox(&networks, "inner", &["inner"]));
        assert_eq!(resolve(&outer, "example.com", TYPE::A), (RCODE::NoError, vec!["1.2.3.4".into()]));
        assert_eq!(
            outer.resolv_conf(),
            "nameserver 127.0.0.11\noptions ndots:0\n\n# ExtServers: [host(127.0.0.53)]\n"
        );
        assert_eq!(resolve(&inner, "example.com", TYPE::A).0, RCODE::ServerFailure);
        assert_eq!(resolve(&inner, "inner", TYPE::A), found(&[address(&inner)]));
    });
}

#[test]
fn own_servers_are_asked_from_inside_the_container() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let mut spec = container("web", &["net"]);
        // Only inside: the host has nobody at this address.
        spec.dns = DnsSettings { servers: vec![[127, 0, 0, 53].into()], ..DnsSettings::default() };
        let web = Sandbox::create(&networks, &spec).unwrap();
        inside(&web, upstream_answers);
        assert_eq!(resolve(&web, "example.com", TYPE::A), (RCODE::NoError, vec!["1.2.3.4".into()]));
    });
}

#[test]
fn the_next_process_answers_in_a_running_container() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let one = sandbox(&networks, "one", &["net"]);
        let (before, namespace) = (address(&one), one.namespace().as_fd().try_clone_to_owned().unwrap());
        drop((one, networks));
        let networks = host.engine("a");
        let one = Sandbox::attach(&networks, &container("one", &["net"]), namespace).unwrap();
        assert_eq!(resolve(&one, "one", TYPE::A), found(&[before]));
    });
}
