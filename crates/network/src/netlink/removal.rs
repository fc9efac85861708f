//! Removing a link without waiting until the kernel has forgotten it.
//!
//! Owns the thread that stays behind for that, and ends with the removal.

use std::io;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::event::{PollFd, PollFlags, poll};

use super::route_socket::{RouteSocket, decode};
use super::socket::NetlinkSocket;

/// `RTNLGRP_LINK`: links that come, change and go.
const LINK_EVENTS: u32 = 1;

/// Removes the link `name` of the calling thread's network namespace; that there is none is fine.
///
/// Returns when nobody sees the link any more and its name is free. What the kernel does then, waiting for those who may
/// still use the link's memory (`netdev_run_todo`, 15 ms for a bridge), it does for a thread that nobody waits for.
///
/// # Errors
/// The kernel refuses, or there is no thread or descriptor left.
pub(crate) fn remove_link(name: &str) -> io::Result<()> {
    let mut events = NetlinkSocket::open(NETLINK_ROUTE)?;
    events.listen(LINK_EVENTS)?;
    let (ended, removal) = start_removal(name.to_owned())?;
    loop {
        let mut awaited = [PollFd::new(&events, PollFlags::IN), PollFd::new(&ended, PollFlags::IN)];
        match poll(&mut awaited, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_over = !awaited[1].revents().is_empty();
        if tells_of_removal(&events, name)? {
            return Ok(());
        }
        if is_over {
            return removal.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
}

/// The removal, and a stream that becomes readable at its end.
fn start_removal(name: String) -> io::Result<(UnixStream, JoinHandle<io::Result<()>>)> {
    let mut socket = RouteSocket::open()?;
    let (ended, running) = UnixStream::pair()?;
    let removal = thread::Builder::new().name("link-removal".into()).spawn(move || {
        let removed = socket.remove_link(&name);
        drop(running);
        removed
    })?;
    Ok((ended, removal))
}

/// Whether one of the events that have come is the removal of `name`. After a loss of events the end of the removal tells.
fn tells_of_removal(events: &NetlinkSocket, name: &str) -> io::Result<bool> {
    match events.receive_events() {
        Ok(messages) => {
            let mut links = messages.iter().filter_map(|message| decode(message).ok());
            Ok(links.any(|link| matches!(link, RouteNetlinkMessage::DelLink(link) if is_called(&link, name))))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Also a bridge's loss of a port is told as a removal, of the address family of bridges.
fn is_called(link: &LinkMessage, name: &str) -> bool {
    let called = link.attributes.iter().any(|it| matches!(it, LinkAttribute::IfName(it) if it == name));
    called && link.header.interface_family == AddressFamily::Unspec
}

#[cfg(test)]
mod tests {
    use wharf_container::namespace::in_new_network_namespace;

    use super::*;
    use crate::mac_address::MacAddress;
    use crate::netlink::BridgeLink;

    #[test]
    fn a_removed_bridge_is_out_of_sight_and_its_name_is_free() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: making a network namespace needs root");
            return;
        }
        in_new_network_namespace(|_| {
            let mut socket = RouteSocket::open().unwrap();
            let bridge = BridgeLink { name: "wh-gone", mac: MacAddress([2, 0, 0, 0, 0, 1]), mtu: 1500 };
            for _ in 0..5 {
                socket.add_bridge(&bridge).unwrap();
                remove_link("wh-gone").unwrap();
                assert_eq!(socket.link("wh-gone").unwrap(), None);
            }
            remove_link("wh-gone").unwrap();
            remove_link("lo").unwrap_err();
        })
        .unwrap();
    }
}
