//! The bridge interface of a network: made on first use, and again when it went (a reboot, an administrator).

use std::fs;
use std::io;

use super::network::{Addressing, Network};
use crate::error::{NetworkError, Result};
use crate::mac_address::MacAddress;
use crate::netlink::{BridgeLink, LinkState, RouteSocket, remove_link};

/// When the host has no default route, bytes.
const ETHERNET_MTU: u32 = 1500;

/// A bridge that is up and has its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bridge {
    /// Interface index.
    pub(crate) index: u32,
    /// Bytes.
    pub(crate) mtu: u32,
}

/// Makes the bridge of a network, or completes the one that is `present`. Returns it, and whether anything was done.
pub(super) fn ensure(
    socket: &mut RouteSocket,
    network: &Network,
    name: &str,
    addressing: &Addressing,
    present: Option<LinkState>,
) -> Result<(Bridge, bool)> {
    let ensured = match present {
        Some(link) => complete(socket, name, link, addressing),
        None => make(socket, network, name, addressing).map(|bridge| (bridge, true)),
    };
    ensured.map_err(NetworkError::kernel(format!("make the bridge {name} of network {}", network.name)))
}

fn complete(
    socket: &mut RouteSocket,
    name: &str,
    link: LinkState,
    addressing: &Addressing,
) -> io::Result<(Bridge, bool)> {
    if !link.is_bridge {
        return Err(io::Error::other("an interface of this name exists and is not a bridge"));
    }
    let bridge = Bridge { index: link.index, mtu: link.mtu };
    let wanted = (addressing.gateway, addressing.subnet.prefix());
    if link.up && socket.addresses(link.index)?.contains(&wanted) {
        return Ok((bridge, false));
    }
    set_up(socket, name, link.index, addressing)?;
    Ok((bridge, true))
}

/// Removes the bridge; that there is none is fine.
pub(super) fn remove(network: &Network, name: &str) -> Result<()> {
    let operation = format!("remove the bridge {name} of network {}", network.name);
    remove_link(name).map_err(NetworkError::kernel(operation))
}

fn make(
    socket: &mut RouteSocket,
    network: &Network,
    name: &str,
    addressing: &Addressing,
) -> io::Result<Bridge> {
    let mtu = match network.mtu() {
        Some(mtu) => mtu,
        None => host_mtu(socket)?,
    };
    socket.add_bridge(&BridgeLink { name, mac: MacAddress::of_address(addressing.gateway), mtu })?;
    let made = (|| {
        let link = socket.link(name)?.ok_or_else(|| io::Error::other("the bridge is gone again"))?;
        set_up(socket, name, link.index, addressing)?;
        Ok(Bridge { index: link.index, mtu })
    })();
    if made.is_err() {
        // The first error is the one to report.
        let _ = socket.remove_link(name);
    }
    made
}

fn set_up(socket: &mut RouteSocket, name: &str, index: u32, addressing: &Addressing) -> io::Result<()> {
    // A container must not be able to configure the host by IPv6 router advertisements (contract 10.6).
    write_interface_setting("ipv6", name, "disable_ipv6", "1")?;
    // Lets 127.0.0.1:port of the host lead to a container; the firewall drops what comes from outside.
    write_interface_setting("ipv4", name, "route_localnet", "1")?;
    socket.add_address(index, addressing.gateway, addressing.subnet.prefix())?;
    socket.set_up(index)?;
    enable_forwarding()
}

/// Writes `/proc/sys/net/<family>/conf/<interface>/<setting>` of the calling thread's network namespace.
/// A kernel without IPv6 has no such file, and nothing to switch off.
pub(crate) fn write_interface_setting(
    family: &str,
    interface: &str,
    setting: &str,
    value: &str,
) -> io::Result<()> {
    match fs::write(format!("/proc/sys/net/{family}/conf/{interface}/{setting}"), value) {
        Err(error) if family == "ipv6" && error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Reads what [`write_interface_setting`] writes; none on a kernel without IPv6.
pub(crate) fn interface_setting(family: &str, interface: &str, setting: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(format!("/proc/sys/net/{family}/conf/{interface}/{setting}")) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if family == "ipv6" && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Packets from containers to elsewhere, and answers, must be forwarded (contract 3.2.5).
fn enable_forwarding() -> io::Result<()> {
    const SETTING: &str = "/proc/sys/net/ipv4/ip_forward";
    if fs::read_to_string(SETTING)?.trim() == "1" { Ok(()) } else { fs::write(SETTING, "1") }
}

/// The MTU of the interface that the host's default route uses: a larger one would lose packets on the way out.
fn host_mtu(socket: &mut RouteSocket) -> io::Result<u32> {
    let Some(index) = socket.default_route_interface()? else { return Ok(ETHERNET_MTU) };
    Ok(socket.link_by_index(index)?.map_or(ETHERNET_MTU, |link| link.mtu))
}
