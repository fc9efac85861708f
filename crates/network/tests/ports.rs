//! Published ports against the real kernel: balancing, who may reach them, and restarts of the engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, TcpListener};

use common::{
    Host, SHORT, address, ask, ask_udp, ask_within, inside, network, on_host, sandbox, serve, serve_udp,
};
use wharf_network::{
    HostPorts, NetworkSpec, Networks, PortError, PortKey, PortMapper, PortRequest, Protocol, Sandbox,
};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn request(protocol: Protocol, host_ip: Option<IpAddr>, port: u16) -> PortRequest {
    PortRequest { protocol, host_ip, ports: HostPorts::Fixed(port) }
}

/// Publishes port 80 of containers.
fn publish(mapper: &PortMapper, request: &PortRequest, containers: &[&Sandbox]) -> Vec<PortKey> {
    let keys = mapper.reserve(request).unwrap();
    set(mapper, &keys, containers);
    keys
}

fn set(mapper: &PortMapper, keys: &[PortKey], containers: &[&Sandbox]) {
    let backends: Vec<_> = containers.iter().map(|one| SocketAddrV4::new(address(one), 80)).collect();
    for key in keys {
        mapper.set_backends(*key, &backends).unwrap();
    }
}

/// Three containers on a network, with a server each.
fn replicas(networks: &Networks) -> Vec<Sandbox> {
    network(networks, "net");
    let replica = |name: &str| {
        let replica = sandbox(networks, name, &["net"]);
        serve(&replica, 80, name);
        replica
    };
    ["r1", "r2", "r3"].map(replica).into()
}

fn count(times: usize, address: impl Into<IpAddr> + Copy, port: u16) -> BTreeMap<String, usize> {
    let mut hits = BTreeMap::new();
    for _ in 0..times {
        let (name, _) = ask(address, port).expect("the port answers");
        *hits.entry(name).or_default() += 1;
    }
    hits
}

fn even(each: usize) -> BTreeMap<String, usize> {
    ["r1", "r2", "r3"].map(|name| (name.to_owned(), each)).into()
}

/// An address of the host that is not loopback: the gateway of the first container.
fn host_address(containers: &[Sandbox]) -> Ipv4Addr {
    containers[0].gateway_endpoint().unwrap().gateway.unwrap()
}

/// Somebody on another network of the host, whose engine knows nothing of ours.
fn neighbour(host: &Host) -> Sandbox {
    let networks = host.engine("lan");
    let options = [("com.docker.network.bridge.enable_ip_masquerade".to_owned(), "false".to_owned())].into();
    networks.create(NetworkSpec { name: "lan".into(), options, ..NetworkSpec::default() }).unwrap();
    sandbox(&networks, "neighbour", &["lan"])
}

#[test]
fn connections_are_spread_evenly() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        let all: Vec<_> = replicas.iter().collect();
        let keys = publish(&mapper, &request(Protocol::Tcp, None, 8080), &all);
        assert_eq!(
            keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["0.0.0.0:8080/tcp", "[::]:8080/tcp"]
        );
        assert_eq!(count(300, LOOPBACK, 8080), even(100));
        assert_eq!(count(30, Ipv6Addr::LOCALHOST, 8080), even(10), "forwarded");

        set(&mapper, &keys, &all[1..]);
        assert_eq!(count(10, LOOPBACK, 8080), [("r2".into(), 5), ("r3".into(), 5)].into());
        assert_eq!(count(10, Ipv6Addr::LOCALHOST, 8080), [("r2".into(), 5), ("r3".into(), 5)].into());
        set(&mapper, &keys, &[]);
        assert_eq!(ask(LOOPBACK, 8080), None);
        for key in keys {
            mapper.release(key).unwrap();
        }
        assert!(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 8080)).is_ok(), "the port is free again");
    });
}

#[test]
fn connections_to_the_hosts_own_address_are_spread_evenly() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        publish(&mapper, &request(Protocol::Tcp, None, 8080), &replicas.iter().collect::<Vec<_>>());
        assert_eq!(count(300, host_address(&replicas), 8080), even(100));
    });
}

#[test]
fn the_source_address_stays_visible() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        publish(&mapper, &request(Protocol::Tcp, None, 8080), &[&replicas[0]]);
        let neighbour = neighbour(host);
        let gateway = neighbour.gateway_endpoint().unwrap().gateway.unwrap();
        let seen = inside(&neighbour, || ask(gateway, 8080)).unwrap();
        assert_eq!(seen, ("r1".into(), address(&neighbour).to_string()));
        let via_own_address = ask(host_address(&replicas), 8080).unwrap();
        assert_eq!(via_own_address.1, host_address(&replicas).to_string());
    });
}

#[test]
fn a_replica_reaches_its_own_published_port_evenly() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        publish(&mapper, &request(Protocol::Tcp, None, 8080), &replicas.iter().collect::<Vec<_>>());
        let gateway = host_address(&replicas);
        assert_eq!(inside(&replicas[0], || count(30, gateway, 8080)), even(10));
    });
}

#[test]
fn only_published_ports_are_reachable_from_elsewhere() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        publish(&mapper, &request(Protocol::Tcp, None, 8080), &[&replicas[0]]);
        let (neighbour, gateway) = (neighbour(host), host_address(&replicas));
        assert_eq!(inside(&neighbour, || ask(gateway, 8080)).unwrap().0, "r1");
        let direct = inside(&neighbour, || ask_within(SHORT, address(&replicas[0]), 80));
        assert_eq!(
            direct, None,
            "the container's own address is not reachable, not even at the published port"
        );
    });
}

#[test]
fn a_port_on_loopback_is_for_this_host_only() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        publish(&mapper, &request(Protocol::Tcp, Some(LOOPBACK), 8080), &replicas.iter().collect::<Vec<_>>());
        assert_eq!(count(30, LOOPBACK, 8080), even(10));
        let gateway = host_address(&replicas);
        assert_eq!(ask_within(SHORT, gateway, 8080), None);
        let neighbour = neighbour(host);
        assert_eq!(inside(&neighbour, || ask_within(SHORT, gateway, 8080)), None);
        // A packet to 127.0.0.1 from outside, which a neighbour sends on purpose.
        let aimed = inside(&neighbour, || {
            std::fs::write("/proc/sys/net/ipv4/conf/all/route_localnet", "1").unwrap();
            ask_within(SHORT, LOOPBACK, 8080)
        });
        assert_eq!(aimed, None);
    });
}

#[test]
fn containers_on_internal_networks_are_not_published() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let spec = NetworkSpec { name: "inner".into(), internal: true, ..NetworkSpec::default() };
        networks.create(spec).unwrap();
        let inner = sandbox(&networks, "inner", &["inner"]);
        serve(&inner, 80, "inner");
        assert!(inner.gateway_endpoint().is_none(), "published ports lead to the gateway endpoint");
        publish(&mapper, &request(Protocol::Tcp, None, 8080), &[&inner]);
        let neighbour = neighbour(host);
        let gateway = neighbour.gateway_endpoint().unwrap().gateway.unwrap();
        assert_eq!(inside(&neighbour, || ask_within(SHORT, gateway, 8080)), None);
    });
}

#[test]
fn udp_is_spread_and_moves_with_the_backends() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        for (replica, name) in replicas.iter().zip(["r1", "r2", "r3"]) {
            serve_udp(replica, 80, name);
        }
        let keys = publish(&mapper, &request(Protocol::Udp, None, 5353), &[&replicas[0]]);
        let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(common::DEADLINE)).unwrap();
        client.connect("127.0.0.1:5353").unwrap();
        let exchange = || {
            client.send(b"?").unwrap();
            let mut buffer = [0; 10];
            let length = client.recv(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        assert_eq!([exchange(), exchange()], ["r1", "r1"]);
        assert_eq!(ask_udp(Ipv6Addr::LOCALHOST, 5353).unwrap(), "r1", "forwarded");
        set(&mapper, &keys, &[&replicas[1]]);
        assert_eq!(exchange(), "r2", "the flow of a client moves when its backend has left");
    });
}

#[test]
fn a_taken_port_names_its_holder() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let _holder = TcpListener::bind("127.0.0.1:8080").unwrap();
        let error = mapper.reserve(&request(Protocol::Tcp, None, 8080)).unwrap_err();
        let PortError::InUse { holder: Some(holder), .. } = &error else { panic!("{error}") };
        assert_eq!(holder.pid, std::process::id());
        assert!(
            error
                .to_string()
                .starts_with("failed to bind host port 0.0.0.0:8080/tcp: address already in use by ")
        );
        assert!(mapper.reserved().is_empty());

        mapper.reserve(&request(Protocol::Tcp, None, 9090)).unwrap();
        let error = mapper.reserve(&request(Protocol::Tcp, Some(LOOPBACK), 9090)).unwrap_err();
        assert_eq!(error.to_string(), "Bind for 127.0.0.1:9090 failed: port is already allocated");
        let error = mapper.reserve(&request(Protocol::Tcp, Some([9, 9, 9, 9].into()), 80)).unwrap_err();
        assert!(matches!(error, PortError::Bind { .. }), "{error}");
    });
}

#[test]
fn a_released_port_can_be_reserved_again_at_once() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        network(&networks, "net");
        let one = sandbox(&networks, "one", &["net"]);
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            for _ in 0..10 {
                let keys = publish(&mapper, &request(protocol, None, 5353), &[&one]);
                let copies: Vec<_> = keys.iter().map(|key| mapper.socket(*key).unwrap()).collect();
                for key in keys {
                    mapper.release(key).unwrap();
                }
                // Whoever keeps copies closes them a little later.
                std::thread::spawn(move || drop(copies));
            }
        }
    });
}

#[test]
fn ranges_and_ephemeral_ports() {
    on_host(|host| {
        let mapper = PortMapper::new(&host.engine("a"));
        let ranged = |ports| PortRequest { protocol: Protocol::Tcp, host_ip: None, ports };
        let number = |ports| mapper.reserve(&ranged(ports)).map(|keys| keys[0].port);
        assert_eq!(number(HostPorts::AnyOf(8000..=8001)).unwrap(), 8000);
        let _other = TcpListener::bind("0.0.0.0:8001").unwrap();
        let error = number(HostPorts::AnyOf(8000..=8001)).unwrap_err();
        assert_eq!(error.to_string(), "all ports of 8000-8001/tcp are allocated");
        assert_eq!(number(HostPorts::AnyOf(8000..=8002)).unwrap(), 8002);
        let keys = mapper.reserve(&ranged(HostPorts::Ephemeral)).unwrap();
        assert!(keys.len() == 2 && keys[0].port == keys[1].port && keys[0].port > 1024, "{keys:?}");
    });
}

#[test]
fn ports_outlive_the_process_that_published_them() {
    on_host(|host| {
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        let keys = publish(&mapper, &request(Protocol::Tcp, None, 8080), &[&replicas[0]]);
        let dropped = publish(&mapper, &request(Protocol::Tcp, Some(LOOPBACK), 9090), &[&replicas[0]]);
        let sockets: Vec<_> = keys.iter().map(|key| mapper.socket(*key).unwrap()).collect();
        drop((mapper, networks));
        assert_eq!(ask(LOOPBACK, 8080).unwrap().0, "r1", "without the engine");

        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        for (key, socket) in keys.iter().zip(sockets) {
            mapper.adopt(*key, socket).unwrap();
        }
        mapper.release_unadopted().unwrap();
        assert_eq!(ask_within(SHORT, LOOPBACK, 9090), None, "{dropped:?} was not adopted");
        assert_eq!(ask(LOOPBACK, 8080).unwrap().0, "r1");
        set(&mapper, &keys, &[&replicas[1]]);
        assert_eq!(ask(LOOPBACK, 8080).unwrap().0, "r2");
    });
}

#[test]
fn a_firewall_that_drops_by_default_is_lived_with() {
    let rules = "add table ip filter; \
                 add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }";
    if std::process::Command::new("nft").arg("--version").output().is_err() {
        eprintln!("skipped: no nft program to make such a firewall with");
        return;
    }
    on_host(|host| {
        // A child is born in the namespace of the thread.
        assert!(std::process::Command::new("nft").arg(rules).status().unwrap().success());
        let networks = host.engine("a");
        let mapper = PortMapper::new(&networks);
        let replicas = replicas(&networks);
        publish(&mapper, &request(Protocol::Tcp, None, 8080), &[&replicas[0]]);
        let neighbour = neighbour(host);
        let gateway = host_address(&replicas);
        assert_eq!(inside(&neighbour, || ask(gateway, 8080)).unwrap().0, "r1");
        assert_eq!(inside(&replicas[1], || ask(address(&replicas[0]), 80)).unwrap().0, "r1");
        assert_eq!(inside(&neighbour, || ask_within(SHORT, address(&replicas[0]), 80)), None);
    });
}
