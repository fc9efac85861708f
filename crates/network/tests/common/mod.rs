//! A host of its own for each test: a fresh network namespace, so that nothing touches the machine's own network.

#![expect(dead_code, reason = "every test program uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test whose host cannot be made has failed")]

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use netlink_sys::Socket;
use tokio::runtime::Runtime;
use wharf_container::namespace::{in_network_namespace, in_new_network_namespace};
use wharf_network::{EndpointSpec, NetworkSpec, Networks, NetworksConfig, Sandbox, SandboxSpec};

/// For something that must happen.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// For something that must not happen.
pub const SHORT: Duration = Duration::from_millis(300);

/// A fake host.
pub struct Host {
    pub runtime: Runtime,
    directory: tempfile::TempDir,
}

/// Runs a test on a fake host, or says why it cannot.
pub fn on_host(test: impl FnOnce(&Host) + Send) {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: making network namespaces needs root");
        return;
    }
    in_new_network_namespace(|_| {
        set_loopback_up();
        // Its threads are born in this namespace.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("resolv.conf"), "nameserver 127.0.0.53\n").unwrap();
        test(&Host { runtime, directory });
    })
    .unwrap();
}

impl Host {
    /// The networks of an engine on this host.
    pub fn engine(&self, name: &str) -> Networks {
        Networks::open(NetworksConfig {
            root: self.path().join(name),
            table: format!("wharf-{name}"),
            host_resolv_conf: self.path().join("resolv.conf"),
            runtime: self.runtime.handle().clone(),
        })
        .unwrap()
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Makes a network with default settings.
pub fn network(networks: &Networks, name: &str) {
    networks.create(NetworkSpec { name: name.into(), ..NetworkSpec::default() }).unwrap();
}

/// Describes a container on these networks.
pub fn container(name: &str, networks: &[&str]) -> SandboxSpec {
    let endpoint = |network: &&str| EndpointSpec { network: (*network).into(), ..EndpointSpec::default() };
    SandboxSpec {
        container_id: format!("{name:-<64}"),
        container_name: name.into(),
        hostname: format!("host-of-{name}"),
        endpoints: networks.iter().map(endpoint).collect(),
        ..SandboxSpec::default()
    }
}

/// Makes the sandbox of a container on these networks.
pub fn sandbox(networks: &Networks, name: &str, on: &[&str]) -> Sandbox {
    Sandbox::create(networks, &container(name, on)).unwrap()
}

pub fn address(sandbox: &Sandbox) -> Ipv4Addr {
    sandbox.endpoints()[0].address
}

/// Runs code as a process of the container would.
pub fn inside<T: Send>(sandbox: &Sandbox, work: impl FnOnce() -> T + Send) -> T {
    in_network_namespace(sandbox.namespace(), work).unwrap()
}

/// Runs a TCP server in a container that tells its name and who asks, until the test program ends.
pub fn serve(sandbox: &Sandbox, port: u16, name: &str) {
    let listener = inside(sandbox, || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))).unwrap();
    serve_on(listener, name);
}

/// As [`serve`], for a listener that exists.
pub fn serve_on(listener: TcpListener, name: &str) {
    let name = name.to_owned();
    std::thread::spawn(move || {
        while let Ok((mut stream, client)) = listener.accept() {
            let _ = write!(stream, "{name} {}", client.ip());
        }
    });
}

/// Runs a UDP server in a container that answers with its name.
pub fn serve_udp(sandbox: &Sandbox, port: u16, name: &str) {
    let socket = inside(sandbox, || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))).unwrap();
    let name = name.to_owned();
    std::thread::spawn(move || {
        let mut buffer = [0; 100];
        while let Ok((_, client)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(name.as_bytes(), client);
        }
    });
}

/// What a TCP server says: its name and the address that it saw; nothing when it cannot be reached.
pub fn ask(address: impl Into<IpAddr>, port: u16) -> Option<(String, String)> {
    ask_within(DEADLINE, address, port)
}

/// As [`ask`], for somebody who must not be reached.
pub fn ask_within(patience: Duration, address: impl Into<IpAddr>, port: u16) -> Option<(String, String)> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address.into(), port), patience).ok()?;
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (name, client) = text.split_once(' ')?;
    Some((name.to_owned(), client.to_owned()))
}

/// What a UDP server answers from a new port.
pub fn ask_udp(address: impl Into<IpAddr>, port: u16) -> Option<String> {
    let address = SocketAddr::new(address.into(), port);
    let unspecified: IpAddr = if address.is_ipv4() { [0; 4].into() } else { [0u16; 8].into() };
    let socket = UdpSocket::bind((unspecified, 0)).unwrap();
    socket.connect(address).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.send(b"?").ok()?;
    let mut buffer = [0; 100];
    let length = socket.recv(&mut buffer).ok()?;
    Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

/// Names of the interfaces of the calling thread's namespace.
pub fn interfaces() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    table.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

/// How many nf_tables tables the calling thread's namespace has.
pub fn tables() -> usize {
    const GET_TABLE: u16 = 10 << 8 | 1;
    const DUMP: u16 = 0x301;
    let mut socket = Socket::new(netlink_sys::protocols::NETLINK_NETFILTER).unwrap();
    socket.bind_auto().unwrap();
    let mut request = vec![20, 0, 0, 0];
    request.extend(GET_TABLE.to_ne_bytes());
    request.extend(DUMP.to_ne_bytes());
    request.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    socket.send(&request, 0).unwrap();
    let (mut count, mut done) = (0, false);
    while !done {
        let (datagram, _) = socket.recv_from_full().unwrap();
        let mut rest = &datagram[..];
        while rest.len() >= 16 {
            let length = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
            match rest[4] {
                3 if rest[5] == 0 => done = true,
                _ => count += 1,
            }
            rest = &rest[((length + 3) & !3).min(rest.len())..];
        }
    }
    count
}

/// Waits until something holds.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "did not happen in {DEADLINE:?}: {what}");
        std::thread::yield_now();
    }
}

fn set_loopback_up() {
    const SET_LINK: u16 = 19;
    const REQUEST_AND_ACKNOWLEDGE: u16 = 5;
    let mut socket = Socket::new(netlink_sys::protocols::NETLINK_ROUTE).unwrap();
    socket.bind_auto().unwrap();
    let mut request = vec![32, 0, 0, 0];
    request.extend(SET_LINK.to_ne_bytes());
    request.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    request.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    // struct ifinfomsg: family and type, index 1, flags up, change mask up.
    for word in [0u32, 1, 1, 1] {
        request.extend(word.to_ne_bytes());
    }
    socket.send(&request, 0).unwrap();
    socket.recv_from_full().unwrap();
}
