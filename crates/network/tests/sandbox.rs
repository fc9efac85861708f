//! Sandboxes against the real kernel: reachability, isolation, addresses, connecting and removing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd as _;

use common::{
    SHORT, address, ask, ask_within, container, eventually, inside, interfaces, network, on_host, sandbox,
    serve, tables,
};
use wharf_network::{
    DnsSettings, EndpointSpec, Ipam, IpamPool, NetworkError, NetworkSpec, PREDEFINED, Sandbox,
};

#[test]
fn containers_of_a_network_reach_each_other_and_the_host() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let (one, two) = (sandbox(&networks, "one", &["net"]), sandbox(&networks, "two", &["net"]));
        serve(&two, 80, "two");
        let seen = inside(&one, || ask(address(&two), 80)).unwrap();
        assert_eq!(seen, ("two".into(), address(&one).to_string()));
        assert_eq!(ask(address(&two), 80).unwrap().0, "two", "the host reaches containers");
        assert_eq!(inside(&one, interfaces), ["lo", "eth0"]);
        let v6 =
            inside(&one, || std::fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default());
        assert!(!v6.contains("eth0"), "no IPv6 address on eth0: {v6}");
    });
}

#[test]
fn networks_are_isolated_from_each_other() {
    on_host(|host| {
        let networks = host.engine("a");
        for name in ["front", "back"] {
            network(&networks, name);
        }
        let (one, two) = (sandbox(&networks, "one", &["front"]), sandbox(&networks, "two", &["back"]));
        let both = sandbox(&networks, "both", &["front", "back"]);
        serve(&two, 80, "two");
        assert_eq!(inside(&one, || ask_within(SHORT, address(&two), 80)), None);
        assert_eq!(inside(&both, || ask(address(&two), 80)).unwrap().0, "two");
        assert_eq!(both.endpoints().len(), 2);
        assert_eq!(
            both.gateway_endpoint().unwrap().network_name,
            "back",
            "the first name has the default route"
        );
    });
}

#[test]
fn networks_of_two_engines_have_other_subnets_and_are_isolated() {
    on_host(|host| {
        let (first, second) = (host.engine("a"), host.engine("b"));
        for engine in [&first, &second] {
            network(engine, "net");
        }
        // Both picked the same subnet when neither had a bridge; the second one moves when it is first used.
        let (one, two) = (sandbox(&first, "one", &["net"]), sandbox(&second, "two", &["net"]));
        assert_ne!(address(&one).octets()[..2], address(&two).octets()[..2]);
        serve(&one, 80, "one");
        assert_eq!(inside(&two, || ask_within(SHORT, address(&one), 80)), None);
    });
}

#[test]
fn internal_networks_have_no_way_out_and_none_in() {
    on_host(|host| {
        let networks = host.engine("a");
        let spec = NetworkSpec { name: "inner".into(), internal: true, ..NetworkSpec::default() };
        networks.create(spec).unwrap();
        network(&networks, "outer");
        let (one, two) = (sandbox(&networks, "one", &["inner"]), sandbox(&networks, "two", &["inner"]));
        let other = sandbox(&networks, "other", &["outer"]);
        serve(&two, 80, "two");
        serve(&other, 80, "other");
        assert_eq!(inside(&one, || ask(address(&two), 80)).unwrap().0, "two");
        assert!(one.gateway_endpoint().is_none());
        assert_eq!(inside(&one, || ask_within(SHORT, address(&other), 80)), None);
        assert_eq!(inside(&other, || ask_within(SHORT, address(&two), 80)), None);
    });
}

#[test]
fn containers_that_may_not_talk_do_not() {
    on_host(|host| {
        let networks = host.engine("a");
        let options = [("com.docker.network.bridge.enable_icc".to_owned(), "false".to_owned())].into();
        networks.create(NetworkSpec { name: "net".into(), options, ..NetworkSpec::default() }).unwrap();
        let (one, two) = (sandbox(&networks, "one", &["net"]), sandbox(&networks, "two", &["net"]));
        serve(&two, 80, "two");
        assert_eq!(ask(address(&two), 80).unwrap().0, "two");
        let filtered = std::fs::read_to_string("/proc/sys/net/bridge/bridge-nf-call-iptables");
        if filtered.is_ok_and(|value| value.trim() == "1") {
            assert_eq!(inside(&one, || ask_within(SHORT, address(&two), 80)), None);
        } else {
            eprintln!("not checked: bridged packets are not filtered on this host");
        }
    });
}

#[test]
fn addresses_are_kept_and_static_ones_respected() {
    on_host(|host| {
        let networks = host.engine("a");
        let pool = IpamPool { subnet: "10.77.0.0/24".into(), ..IpamPool::default() };
        let ipam = Ipam { pools: vec![pool], ..Ipam::default() };
        networks.create(NetworkSpec { name: "net".into(), ipam, ..NetworkSpec::default() }).unwrap();
        let db = sandbox(&networks, "db", &["net"]);
        let web = sandbox(&networks, "web", &["net"]);
        assert_eq!((address(&db), address(&web)), ([10, 77, 0, 2].into(), [10, 77, 0, 3].into()));
        db.remove().unwrap();

        let mut fixed = container("fixed", &["net"]);
        fixed.endpoints[0].ipv4_address = Some([10, 77, 0, 3].into());
        assert!(matches!(Sandbox::create(&networks, &fixed), Err(NetworkError::AddressInUse { .. })));
        fixed.endpoints[0].ipv4_address = Some([10, 77, 0, 99].into());
        let fixed = Sandbox::create(&networks, &fixed).unwrap();
        assert_eq!(address(&fixed), Ipv4Addr::new(10, 77, 0, 99));

        // A new process reads what the old one wrote.
        drop(networks);
        let networks = host.engine("a");
        let mut again = container("db", &["net"]);
        again.container_id = "f".repeat(64);
        assert_eq!(address(&Sandbox::create(&networks, &again).unwrap()), Ipv4Addr::new(10, 77, 0, 2));
        let error = networks.remove("net").unwrap_err().to_string();
        assert!(error.contains("has active endpoints (db, web, fixed)"), "{error}");
        networks.release_stale(|_| false).unwrap();
        networks.remove("net").unwrap();
    });
}

#[test]
fn a_running_container_connects_and_disconnects() {
    on_host(|host| {
        let networks = host.engine("a");
        for name in ["net-b", "net-a"] {
            network(&networks, name);
        }
        let mut moving = sandbox(&networks, "moving", &["net-b"]);
        let (old, new) = (sandbox(&networks, "old", &["net-b"]), sandbox(&networks, "new", &["net-a"]));
        serve(&old, 80, "old");
        serve(&new, 80, "new");
        assert_eq!(inside(&moving, || ask_within(SHORT, address(&new), 80)), None);

        let spec = EndpointSpec { network: "net-a".into(), ..EndpointSpec::default() };
        let endpoint = moving.connect(&spec).unwrap();
        assert_eq!((endpoint.interface.as_str(), endpoint.network_name.as_str()), ("eth1", "net-a"));
        assert_eq!(moving.gateway_endpoint().unwrap().network_name, "net-a", "the route follows the order");
        assert_eq!(inside(&moving, || ask(address(&new), 80)).unwrap().0, "new");
        assert!(matches!(moving.connect(&spec), Err(NetworkError::AlreadyConnected { .. })));

        moving.disconnect("net-b").unwrap();
        assert_eq!(inside(&moving, interfaces), ["lo", "eth1"]);
        assert_eq!(inside(&moving, || ask_within(SHORT, address(&old), 80)), None);
        assert!(matches!(moving.disconnect("net-b"), Err(NetworkError::NotConnected { .. })));
        assert_eq!(networks.leases("net-b").unwrap().len(), 1);
    });
}

#[test]
fn a_sandbox_is_taken_over_by_the_next_process() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let (one, two) = (sandbox(&networks, "one", &["net"]), sandbox(&networks, "two", &["net"]));
        serve(&two, 80, "two");
        let before = (address(&one), address(&two));
        let namespaces =
            [&one, &two].map(|sandbox| sandbox.namespace().as_fd().try_clone_to_owned().unwrap());
        drop((one, two, networks));

        let networks = host.engine("a");
        let attached = ["one", "two"].into_iter().zip(namespaces).map(|(name, namespace)| {
            Sandbox::attach(&networks, &container(name, &["net"]), namespace).unwrap()
        });
        let attached: Vec<_> = attached.collect();
        assert_eq!((address(&attached[0]), address(&attached[1])), before);
        assert_eq!(inside(&attached[0], || ask(before.1, 80)).unwrap().0, "two");
    });
}

#[test]
fn a_failed_sandbox_leaves_nothing() {
    on_host(|host| {
        let networks = host.engine("a");
        for name in ["one", "two"] {
            network(&networks, name);
        }
        let mut spec = container("c", &["one", "two"]);
        spec.endpoints[1].ipv4_address = Some([9, 9, 9, 9].into());
        assert!(matches!(Sandbox::create(&networks, &spec), Err(NetworkError::AddressOutside { .. })));
        // The kernel refuses the second interface, after the first one was made.
        spec.endpoints[1].ipv4_address = None;
        for endpoint in &mut spec.endpoints {
            endpoint.interface = Some("same".into());
        }
        let error = Sandbox::create(&networks, &spec).unwrap_err();
        assert!(matches!(error, NetworkError::Kernel { .. }), "{error}");
        for name in ["one", "two"] {
            assert!(networks.leases(name).unwrap().is_empty());
            networks.remove(name).unwrap();
        }
        eventually("interfaces are gone", || interfaces() == ["lo"]);
    });
}

#[test]
fn removing_everything_leaves_nothing() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let sandboxes = ["one", "two"].map(|name| sandbox(&networks, name, &["net", "bridge"]));
        assert_eq!(interfaces().len(), 1 + 2 + 4, "loopback, two bridges, four ends");
        assert_eq!(tables(), 1);
        for sandbox in sandboxes {
            sandbox.remove().unwrap();
        }
        networks.remove("net").unwrap();
        networks.close_down().unwrap();
        eventually("interfaces are gone", || interfaces() == ["lo"]);
        assert_eq!(tables(), 0);
        assert_eq!(networks.list().len(), PREDEFINED.len());
        // Everything comes back with the next container.
        assert!(sandbox(&networks, "three", &["bridge"]).gateway_endpoint().is_some());
    });
}

#[test]
fn the_default_bridge_has_no_resolver_and_none_no_network() {
    on_host(|host| {
        let networks = host.engine("a");
        let mut spec = container("one", &["bridge"]);
        spec.dns = DnsSettings { servers: vec![IpAddr::from([9, 9, 9, 9])], ..DnsSettings::default() };
        let one = Sandbox::create(&networks, &spec).unwrap();
        assert_eq!(one.resolv_conf(), "nameserver 9.9.9.9\n");
        let none = sandbox(&networks, "none", &["none"]);
        assert_eq!(inside(&none, interfaces), ["lo"]);
        assert!(Sandbox::create(&networks, &container("h", &["host"])).is_err());
    });
}

#[test]
fn many_sandboxes_are_made_at_the_same_time() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let (networks, names): (_, Vec<_>) =
            (&networks, (0..20).map(|number| format!("c{number}")).collect());
        let sandboxes: Vec<_> = std::thread::scope(|scope| {
            let makers: Vec<_> =
                names.iter().map(|name| scope.spawn(move || sandbox(networks, name, &["net"]))).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let addresses: BTreeSet<_> = sandboxes.iter().map(address).collect();
        assert_eq!(addresses.len(), 20);
        assert_eq!(addresses.last().unwrap().octets()[3], 21, "the lowest ones");
        serve(&sandboxes[7], 80, "seven");
        assert_eq!(inside(&sandboxes[19], || ask(address(&sandboxes[7]), 80)).unwrap().0, "seven");
    });
}

#[test]
fn a_bridge_of_somebody_else_is_not_taken() {
    on_host(|host| {
        let networks = host.engine("a");
        let named = |name: &str, bridge: &str| {
            let options = [("com.docker.network.bridge.name".to_owned(), bridge.to_owned())].into();
            networks.create(NetworkSpec { name: name.into(), options, ..NetworkSpec::default() })
        };
        named("one", "my-bridge").unwrap();
        for (name, bridge) in [("two", "my-bridge"), ("three", "lo")] {
            let error = named(name, bridge).unwrap_err().to_string();
            assert_eq!(error, format!("network {name}: the interface {bridge} exists already"));
        }
        let _one = sandbox(&networks, "one", &["one"]);
        assert!(interfaces().contains(&"my-bridge".to_owned()));
    });
}

#[test]
fn a_bridge_that_went_comes_back_with_the_next_container() {
    on_host(|host| {
        let networks = host.engine("a");
        network(&networks, "net");
        let one = sandbox(&networks, "one", &["net"]);
        let before = address(&one);
        one.remove().unwrap();
        networks.close_down().unwrap();
        eventually("interfaces are gone", || interfaces() == ["lo"]);
        assert_eq!(address(&sandbox(&networks, "one", &["net"])), before);
    });
}

#[test]
fn packets_are_no_larger_than_the_hosts_way_out_takes() {
    on_host(|host| {
        let networks = host.engine("a");
        let options = [("com.docker.network.driver.mtu".to_owned(), "1300".to_owned())].into();
        networks.create(NetworkSpec { name: "net".into(), options, ..NetworkSpec::default() }).unwrap();
        // A container with an engine of its own: its default route leaves by an interface with this MTU.
        let outer = sandbox(&networks, "outer", &["net"]);
        let mtu = inside(&outer, || {
            let networks = host.engine("inner");
            network(&networks, "net");
            let inner = sandbox(&networks, "inner", &["net"]);
            let gateway = inner.gateway_endpoint().unwrap().gateway.unwrap();
            inside(&inner, || path_mtu(gateway))
        });
        assert_eq!(mtu, 1300);
    });
}

/// The largest packet that the kernel sends towards an address, bytes.
fn path_mtu(address: Ipv4Addr) -> u32 {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect((address, 9)).unwrap();
    rustix::net::sockopt::ip_mtu(&socket).unwrap()
}
