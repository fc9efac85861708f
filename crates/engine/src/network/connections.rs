//! Open connections to a container, as its network namespace lists them (`/proc/PID/net/tcp`, see proc_net_tcp.rst).

use std::fs;

/// States in which a peer may still send or get something: established, half-open, and those in which the container has
/// ended its side while data may be under way (ESTABLISHED, SYN_RECV, FIN_WAIT1, CLOSE_WAIT, LAST_ACK, CLOSING).
const OPEN: [u8; 6] = [0x01, 0x03, 0x04, 0x08, 0x09, 0x0b];
const LISTEN: u8 = 0x0a;

/// Whether the namespace of process `pid` has connections to one of its TCP ports `ports`. Without such a process it has none.
pub fn any_open(pid: i32, ports: &[u16]) -> bool {
    has_socket(pid, |port, state| ports.contains(&port) && OPEN.contains(&state))
}

/// Whether somebody in the namespace of process `pid` listens on the TCP port `port`.
pub fn is_listening(pid: i32, port: u16) -> bool {
    has_socket(pid, |local, state| local == port && state == LISTEN)
}

fn has_socket(pid: i32, matches: impl Fn(u16, u8) -> bool) -> bool {
    ["tcp", "tcp6"].iter().any(|table| {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        table.lines().filter_map(local_port_and_state).any(|(port, state)| matches(port, state))
    })
}

/// `  0: 0100007F:1F90 00000000:0000 0A …`: the second column's port, the fourth column.
fn local_port_and_state(line: &str) -> Option<(u16, u8)> {
    let mut columns = line.split_ascii_whitespace();
    let (_, port) = columns.nth(1)?.rsplit_once(':')?;
    let state = columns.nth(1)?;
    Some((u16::from_str_radix(port, 16).ok()?, u8::from_str_radix(state, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_is_seen_until_it_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(is_listening(own, port));
        assert!(!any_open(own, &[port]));
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(any_open(own, &[port]), "even before it is accepted");
        assert!(!any_open(own, &[port.wrapping_add(1)]));
        let (server, _) = listener.accept().unwrap();
        drop(client);
        assert!(any_open(own, &[port]), "the other side may still answer");
        drop(server);
        drop(listener);
        assert!(!is_listening(own, port));
    }

    #[test]
    fn lines_of_the_table() {
        let line =
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1";
        assert_eq!(local_port_and_state(line), Some((8080, 0x0a)));
        let line = "   1: 00000000000000000000000001000000:0050 00000000000000000000000001000000:CE1C 01 0:0";
        assert_eq!(local_port_and_state(line), Some((80, 0x01)));
        assert_eq!(local_port_and_state("  sl  local_address rem_address   st tx_queue"), None);
    }
}
