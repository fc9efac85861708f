//! Networks of containers on one Linux host.
//!
//! The way of a container through this crate:
//!
//! 1. [`Networks`] knows the networks on disk, hands out addresses and makes bridges on first use.
//! 2. [`Sandbox`] builds the container's network namespace completely, before the container starts, and gives its
//!    descriptor. Containers find each other through the resolver at 127.0.0.11 in it ([`dns`]).
//! 3. [`PortMapper`] reserves ports of the host and spreads their connections evenly over containers.
//!
//! Below are [`netlink`] and [`netfilter`] (the kernel's two protocols, without any program) and [`firewall`] (which
//! packets may go where). Calls block briefly; only the resolver and the forwarding for IPv6 clients run on tokio.
//! Nothing here knows how containers are started, and nothing is done to networks of others.

mod conntrack;
mod dns;
mod error;
mod firewall;
mod identifier;
mod mac_address;
mod netfilter;
mod netlink;
mod networks;
mod ports;
mod resolv_conf;
mod sandbox;
mod subnet;

pub use error::{NetworkError, Result};
pub use mac_address::{MacAddress, MacAddressError};
pub use netfilter::Protocol;
pub use networks::{
    Addressing, DEFAULT_BRIDGE, Driver, Ipam, IpamPool, Lease, Network, NetworkSpec, Networks,
    NetworksConfig, PREDEFINED,
};
pub use ports::{HostPorts, PortError, PortHolder, PortKey, PortMapper, PortRequest};
pub use resolv_conf::{DnsSettings, EMBEDDED_RESOLVER, ResolvConf};
pub use sandbox::{Endpoint, EndpointSpec, Link, Sandbox, SandboxSpec};
pub use subnet::{Ipv4Subnet, SubnetError};
