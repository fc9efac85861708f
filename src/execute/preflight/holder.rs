//! Who holds a host port: a container, else a process.

use std::fs;
use std::path::Path;

use bollard::query_parameters::ListContainersOptions;

use crate::engine::{Engine, EngineError};
use crate::plan::desired::HostPort;
use crate::plan::labels;
use crate::plan::observed::name_of;

/// `LISTEN` in `/proc/net/tcp` (linux/include/net/tcp_states.h).
const TCP_LISTEN: &str = "0A";
/// An unconnected UDP socket has the state of a closed TCP one.
const UDP_BOUND: &str = "07";

/// " by container x (project y)", " by process z (pid 1)", or nothing when it cannot be told.
pub(super) async fn describe(engine: &Engine, port: &HostPort) -> Result<String, EngineError> {
    if let Some(container) = container(engine, port.port).await? {
        return Ok(container);
    }
    Ok(process(port).unwrap_or_default())
}

async fn container(engine: &Engine, port: u16) -> Result<Option<String>, EngineError> {
    let answer = engine.docker().list_containers(None::<ListContainersOptions>).await;
    let list = answer.map_err(|error| EngineError::call("list containers", &error))?;
    let publishes = |container: &&bollard::models::ContainerSummary| {
        container.ports.iter().flatten().any(|entry| entry.public_port == Some(port))
    };
    Ok(list.iter().find(publishes).map(|container| {
        let project = container.labels.as_ref().and_then(|labels| labels.get(labels::PROJECT));
        let project = project.map(|project| format!(" (project {project})")).unwrap_or_default();
        format!(" by container {}{project}", name_of(container))
    }))
}

fn process(port: &HostPort) -> Option<String> {
    let (tables, state) = match port.protocol.as_str() {
        "udp" => (["/proc/net/udp", "/proc/net/udp6"], UDP_BOUND),
        _ => (["/proc/net/tcp", "/proc/net/tcp6"], TCP_LISTEN),
    };
    let inode =
        tables.iter().find_map(|table| inode_in(&fs::read_to_string(table).ok()?, port.port, state))?;
    let pid = owner(&inode)?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!(" by process {} (pid {pid})", name.trim()))
}

/// The socket's inode in a table of `/proc/net` (proc(5)): local address, state and inode are columns 1, 3 and 9.
fn inode_in(table: &str, port: u16, state: &str) -> Option<String> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let matches = columns.get(1)?.ends_with(&suffix) && *columns.get(3)? == state;
        matches.then(|| columns.get(9).map(|inode| (*inode).to_owned())).flatten()
    })
}

/// The process that has the socket open. Processes of other users may be hidden; then nobody is named.
fn owner(inode: &str) -> Option<u32> {
    let wanted = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|pid: &u32| {
        let descriptors = fs::read_dir(Path::new("/proc").join(pid.to_string()).join("fd"));
        let links =
            descriptors.into_iter().flatten().flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
        links.into_iter().any(|link| link == Path::new(&wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_is_found_by_port() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = HostPort {
            service: "web".into(),
            address: None,
            port: listener.local_addr().unwrap().port(),
            protocol: "tcp".into(),
            place: None,
        };
        let text = process(&port).unwrap();
        assert!(text.contains(&format!("(pid {})", std::process::id())), "{text}");
    }
}
