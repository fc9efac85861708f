//! Finds the process that has a port, so that "address already in use" can name it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use super::key::PortKey;
use crate::netfilter::Protocol;

/// TCP's number for listening sockets in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// A process that has a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortHolder {
    /// Its number.
    pub pid: u32,
    /// Its name, as `ps` shows it.
    pub name: String,
}

/// The process whose socket is in the way of `key`, if `/proc` tells.
pub(super) fn find(key: PortKey) -> Option<PortHolder> {
    let tables: &[&str] = match key.protocol {
        Protocol::Tcp => &["tcp", "tcp6"],
        Protocol::Udp => &["udp", "udp6"],
    };
    let inode = tables.iter().find_map(|table| {
        // Of the thread, not of the process: they can be in different network namespaces.
        let text = fs::read_to_string(format!("/proc/thread-self/net/{table}")).ok()?;
        text.lines().skip(1).find_map(|line| inode_of_socket(line, key).map(str::to_owned))
    })?;
    let link = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?;
    processes.filter_map(Result::ok).find_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        has_descriptor(&process.path(), &link).then(|| PortHolder { pid, name: name(&process.path()) })
    })
}

/// Columns: number, local address, remote address, state, …, inode as the tenth.
fn inode_of_socket(line: &str, key: PortKey) -> Option<&str> {
    let mut columns = line.split_whitespace();
    let (address, port) = columns.nth(1)?.split_once(':')?;
    let state = columns.nth(1)?;
    let listens = key.protocol == Protocol::Udp || state == LISTENING;
    let same_port = u16::from_str_radix(port, 16) == Ok(key.port);
    (listens && same_port && covers(address, key.address)).then(|| columns.nth(5)).flatten()
}

/// Whether a socket at this address, in the kernel's hexadecimal form, is in the way of `wanted`. An IPv6 socket on all
/// addresses can take IPv4 as well.
fn covers(address: &str, wanted: IpAddr) -> bool {
    if wanted.is_unspecified() || address.bytes().all(|digit| digit == b'0') {
        return true;
    }
    let IpAddr::V4(wanted) = wanted else { return address.len() == 32 };
    u32::from_str_radix(address, 16).is_ok_and(|bits| Ipv4Addr::from(bits.to_ne_bytes()) == wanted)
}

fn has_descriptor(process: &Path, link: &str) -> bool {
    fs::read_dir(process.join("fd")).is_ok_and(|descriptors| {
        descriptors
            .filter_map(Result::ok)
            .any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == link))
    })
}

fn name(process: &Path) -> String {
    fs::read_to_string(process.join("comm"))
        .map_or_else(|_| "?".to_owned(), |name| name.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: &str =
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1";

    #[test]
    fn the_kernels_table_is_understood() {
        let inode = |key: &str| inode_of_socket(LISTENER, key.parse().unwrap());
        assert_eq!(inode("127.0.0.1:8080/tcp"), Some("4711"));
        assert_eq!(inode("0.0.0.0:8080/tcp"), Some("4711"));
        assert_eq!(inode("127.0.0.2:8080/tcp"), None);
        assert_eq!(inode("127.0.0.1:8081/tcp"), None);
    }

    #[test]
    fn this_process_is_found() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let key = PortKey { protocol: Protocol::Tcp, address: address.ip(), port: address.port() };
        assert_eq!(find(key).map(|holder| holder.pid), Some(std::process::id()));
    }
}
