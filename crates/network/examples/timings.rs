//! Prints how long the steps of a container's network take: `cargo run --example timings -p wharf-network`, as root.
//! It works in a network namespace of its own.

use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use wharf_container::namespace::{create_network_namespace, in_new_network_namespace};
use wharf_network::{
    EndpointSpec, HostPorts, NetworkSpec, Networks, NetworksConfig, PortMapper, PortRequest, Protocol,
    Sandbox, SandboxSpec,
};

const COUNT: usize = 200;

fn main() {
    in_new_network_namespace(|_| measure()).expect("a network namespace needs root").expect("measured");
}

fn measure() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let directory = tempfile::tempdir()?;
    let networks = Networks::open(NetworksConfig {
        root: directory.path().join("networks"),
        table: "wharf-timings".into(),
        host_resolv_conf: "/etc/resolv.conf".into(),
        runtime: runtime.handle().clone(),
    })?;
    time("network create", 1, || {
        networks.create(NetworkSpec { name: "net".into(), ..NetworkSpec::default() })
    })?;
    let mut bare = Vec::new();
    time("a bare namespace, for comparison", COUNT, || {
        bare.push(create_network_namespace()?);
        Ok::<_, std::io::Error>(())
    })?;
    let mut sandboxes = vec![time("first sandbox (makes the bridge)", 1, || sandbox(&networks, 0))?];
    time("sandbox create", COUNT, || {
        sandboxes.push(sandbox(&networks, sandboxes.len())?);
        Ok::<_, wharf_network::NetworkError>(())
    })?;
    let mapper = PortMapper::new(&networks);
    let mut keys = Vec::new();
    time("port reserve", COUNT, || {
        let ports = HostPorts::Ephemeral;
        keys.push(mapper.reserve(&PortRequest { protocol: Protocol::Tcp, host_ip: None, ports })?);
        Ok::<_, wharf_network::PortError>(())
    })?;
    let backends: Vec<_> =
        sandboxes.iter().take(3).map(|one| SocketAddrV4::new(one.endpoints()[0].address, 80)).collect();
    let mut to_publish = keys.iter().flatten();
    time("port set_backends (3)", 2 * COUNT, || match to_publish.next() {
        Some(key) => mapper.set_backends(*key, &backends),
        None => Ok(()),
    })?;
    let mut to_release = keys.iter().flatten();
    time("port release", 2 * COUNT, || to_release.next().map_or(Ok(()), |key| mapper.release(*key)))?;
    time("sandbox remove", COUNT + 1, || sandboxes.pop().map_or(Ok(()), Sandbox::remove))?;
    time("network remove", 1, || networks.remove("net"))?;
    Ok(())
}

fn sandbox(networks: &Networks, number: usize) -> wharf_network::Result<Sandbox> {
    let name = format!("container-{number}");
    Sandbox::create(
        networks,
        &SandboxSpec {
            container_id: format!("{number:064x}"),
            hostname: name.clone(),
            container_name: name,
            endpoints: vec![EndpointSpec { network: "net".into(), ..EndpointSpec::default() }],
            ..SandboxSpec::default()
        },
    )
}

/// Repeats a step and prints the median and the longest time of one.
fn time<T, E>(step: &str, count: usize, mut work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let mut times: Vec<Duration> = Vec::new();
    let mut last = None;
    for _ in 0..count.max(1) {
        let start = Instant::now();
        last = Some(work()?);
        times.push(start.elapsed());
    }
    times.sort();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{step:<34} {:>8.3} ms median, {:>8.3} ms longest",
        1e3 * median.as_secs_f64(),
        1e3 * longest.as_secs_f64()
    );
    last.map_or_else(work, Ok)
}
