//! The kernel's side of a sandbox: interfaces, addresses and the default route.
//!
//! The functions without a receiver, and the inner half of [`Wiring`], work in the namespace of the calling thread.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};

use super::endpoint::Endpoint;
use crate::error::{NetworkError, Result};
use crate::identifier;
use crate::netlink::{RouteSocket, VethLink};
use crate::networks::{Bridge, interface_setting, write_interface_setting};

/// Every new namespace has it, as the first interface.
const LOOPBACK_INDEX: u32 = 1;

/// An endpoint that is to be wired to its bridge.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) endpoint: Endpoint,
    pub(super) bridge: Bridge,
}

/// Works from the host's side (where it was opened) and from inside (where it is called) in one go.
#[derive(Debug)]
pub(super) struct Wiring {
    host: RouteSocket,
}

impl Wiring {
    /// Opens the host's side; to be called in the host's namespace.
    pub(super) fn open() -> Result<Self> {
        let host = RouteSocket::open().map_err(NetworkError::kernel("open a netlink socket"))?;
        Ok(Self { host })
    }

    /// Sets up a new namespace, which the calling thread is in.
    pub(super) fn wire(&mut self, namespace: &OwnedFd, connections: &[Connection]) -> Result<()> {
        let mut inside = open_inside()?;
        inside.set_up(LOOPBACK_INDEX).map_err(NetworkError::kernel("set the loopback interface up"))?;
        let without = without_ipv6(|| self.add(&mut inside, namespace, connections));
        without.map_err(NetworkError::kernel("switch IPv6 off for new interfaces"))??;
        let gateway = connections.iter().find_map(|connection| connection.endpoint.gateway);
        gateway.map_or(Ok(()), |gateway| set_default_route(&mut inside, gateway))
    }

    /// Adds endpoints to a namespace in use, which the calling thread is in. After an error none is left.
    pub(super) fn connect(&mut self, namespace: &OwnedFd, connections: &[Connection]) -> Result<()> {
        let mut inside = open_inside()?;
        let added = self.add(&mut inside, namespace, connections);
        if added.is_err() {
            for connection in connections {
                // The first error is the one to report.
                let _ = inside.remove_link(&connection.endpoint.interface);
            }
        }
        added
    }

    fn add(
        &mut self,
        inside: &mut RouteSocket,
        namespace: &OwnedFd,
        connections: &[Connection],
    ) -> Result<()> {
        for connection in connections {
            let endpoint = &connection.endpoint;
            let host_name = identifier::interface_name("wv")?;
            let operation =
                || format!("connect interface {} to network {}", endpoint.interface, endpoint.network_name);
            self.add_pair(&host_name, connection, namespace).map_err(NetworkError::kernel(operation()))?;
            configure(inside, endpoint).map_err(NetworkError::kernel(operation()))?;
            self.await_carrier(inside, &host_name, endpoint).map_err(NetworkError::kernel(operation()))?;
        }
        Ok(())
    }

    /// Between two ends that are up, packets are lost until the kernel's link watch has run, which a busy machine may
    /// put off. Since Linux 6.8, asking for a link's state runs it at once.
    fn await_carrier(
        &mut self,
        inside: &mut RouteSocket,
        host_name: &str,
        endpoint: &Endpoint,
    ) -> io::Result<()> {
        inside.link(&endpoint.interface)?;
        self.host.link(host_name)?;
        Ok(())
    }

    fn add_pair(&mut self, host_name: &str, connection: &Connection, namespace: &OwnedFd) -> io::Result<()> {
        self.host.add_veth(&VethLink {
            host_name,
            bridge: connection.bridge.index,
            namespace: namespace.as_fd(),
            name: &connection.endpoint.interface,
            mac: connection.endpoint.mac,
            mtu: connection.bridge.mtu,
        })?;
        self.host.set_hairpin(host_name)
    }
}

/// Removes an interface with its other end.
pub(super) fn remove_interface(interface: &str) -> Result<()> {
    open_inside()?
        .remove_link(interface)
        .map_err(NetworkError::kernel(format!("remove the interface {interface} of a container")))
}

/// Makes the namespace answer for none of its addresses any more.
pub(super) fn silence(endpoints: &[Endpoint]) -> Result<()> {
    let mut inside = open_inside()?;
    for endpoint in endpoints {
        let operation = format!("take the address {} from a container", endpoint.address);
        take_address(&mut inside, endpoint).map_err(NetworkError::kernel(operation))?;
    }
    Ok(())
}

/// Sets the default route, or removes it.
pub(super) fn set_gateway(gateway: Option<Ipv4Addr>) -> Result<()> {
    let mut inside = open_inside()?;
    match gateway {
        Some(gateway) => set_default_route(&mut inside, gateway),
        None => {
            inside.remove_default_route().map_err(NetworkError::kernel("remove a container's default route"))
        }
    }
}

fn open_inside() -> Result<RouteSocket> {
    RouteSocket::open().map_err(NetworkError::kernel("open a netlink socket in a container's namespace"))
}

/// Runs `work`; the interfaces that it makes in the calling thread's namespace, which nobody else uses yet, have no IPv6.
///
/// To switch it off interface by interface takes the kernel's lock over all network devices, and whoever does not get that
/// lock at once is sent back to try again until it does (`addrconf_disable_ipv6`): with many containers starting, a CPU each.
fn without_ipv6<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    let inherited = interface_setting("ipv6", "default", "disable_ipv6")?;
    let Some(inherited) = inherited.filter(|inherited| inherited != "1") else { return Ok(work()) };
    write_interface_setting("ipv6", "default", "disable_ipv6", "1")?;
    let result = work();
    write_interface_setting("ipv6", "default", "disable_ipv6", &inherited)?;
    Ok(result)
}

/// Before the interface is up, so that it never has a link-local address (contract 3.2.4).
fn switch_ipv6_off(interface: &str) -> io::Result<()> {
    match interface_setting("ipv6", interface, "disable_ipv6")?.as_deref() {
        None | Some("1") => Ok(()),
        Some(_) => write_interface_setting("ipv6", interface, "disable_ipv6", "1"),
    }
}

fn configure(inside: &mut RouteSocket, endpoint: &Endpoint) -> io::Result<()> {
    let link = inside.link(&endpoint.interface)?;
    let index = link.ok_or_else(|| io::Error::other("the interface is gone again"))?.index;
    switch_ipv6_off(&endpoint.interface)?;
    inside.add_address(index, endpoint.address, endpoint.prefix)?;
    inside.set_up(index)
}

/// The container may have removed the interface or the address itself.
fn take_address(inside: &mut RouteSocket, endpoint: &Endpoint) -> io::Result<()> {
    let Some(link) = inside.link(&endpoint.interface)? else { return Ok(()) };
    match inside.remove_address(link.index, endpoint.address, endpoint.prefix) {
        Err(error) if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) => Ok(()),
        other => other,
    }
}

fn set_default_route(inside: &mut RouteSocket, gateway: Ipv4Addr) -> Result<()> {
    inside
        .set_default_route(gateway)
        .map_err(NetworkError::kernel(format!("make {gateway} the default route of a container")))
}
