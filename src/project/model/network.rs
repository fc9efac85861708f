//! Networks, a service's place in them, and published ports.

use serde::{Deserialize, Serialize};

use super::{Extensions, StringMap};
use crate::project::source::Span;

/// A top-level network (compose-surface 1.6).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Real name.
    pub name: String,
    /// Driver; empty is the engine's default (`bridge`).
    pub driver: String,
    /// Driver options.
    pub driver_opts: StringMap,
    /// Address management.
    pub ipam: Ipam,
    /// Exists already and is not managed by the project.
    pub external: bool,
    /// No way out.
    pub internal: bool,
    /// Other containers may attach (clusters only).
    pub attachable: bool,
    /// Labels.
    pub labels: StringMap,
    /// IPv4 on or off; unset is the engine's default.
    pub enable_ipv4: Option<bool>,
    /// IPv6 on or off; unset is the engine's default.
    pub enable_ipv6: Option<bool>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where its key was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}

/// `ipam`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ipam {
    /// IPAM driver.
    pub driver: String,
    /// Pools.
    pub config: Vec<IpamPool>,
    /// Driver options.
    pub options: StringMap,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// An address pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IpamPool {
    /// Subnet in CIDR form.
    pub subnet: String,
    /// Gateway address.
    pub gateway: String,
    /// Range that addresses are taken from, in CIDR form.
    pub ip_range: String,
    /// Addresses kept for others, by name.
    pub aux_addresses: StringMap,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// A service's attachment to a network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceNetwork {
    /// Further DNS names.
    pub aliases: Vec<String>,
    /// Driver options of the endpoint.
    pub driver_opts: StringMap,
    /// The highest gives the default gateway.
    pub gw_priority: i64,
    /// Interface name in the container.
    pub interface_name: String,
    /// Fixed IPv4 address.
    pub ipv4_address: String,
    /// Fixed IPv6 address.
    pub ipv6_address: String,
    /// Link-local addresses.
    pub link_local_ips: Vec<String>,
    /// MAC address.
    pub mac_address: String,
    /// The highest is the primary network.
    pub priority: i64,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}

/// A published port (compose-surface 1.13).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    /// Name for people.
    pub name: String,
    /// `ingress` or `host`; the same on one host.
    pub mode: String,
    /// Host address to bind; empty is all.
    pub host_ip: String,
    /// Container port.
    pub target: u32,
    /// Host port or range (`8000-8010`: one free port of it); empty: any free port.
    pub published: String,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// Application protocol, a hint.
    pub app_protocol: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}
