//! The description of a network: what a user asks for, and what the engine made of it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::subnet::Ipv4Subnet;

/// What connects the containers of a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// A bridge of its own.
    #[default]
    Bridge,
    /// The host's network namespace.
    Host,
    /// Only loopback. Docker calls this driver `null`.
    Null,
}

impl Driver {
    /// Docker's name of the driver.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Host => "host",
            Self::Null => "null",
        }
    }
}

/// A network that is to be made (`POST /networks/create`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Unique name: a letter or digit, then letters, digits, `_`, `.`, `-`.
    pub name: String,
    /// Docker's name of the driver; empty means `bridge`.
    pub driver: String,
    /// No way out of the network, and none in (contract 3.3.3).
    pub internal: bool,
    /// Kept for `inspect` only (contract 3.7.5).
    pub attachable: bool,
    /// Refused for now.
    pub enable_ipv6: bool,
    /// Subnets; empty lets the engine choose.
    pub ipam: Ipam,
    /// Driver options (contract 3.2.2).
    pub options: BTreeMap<String, String>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
}

/// How addresses are given out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipam {
    /// Empty or `default`.
    #[serde(default)]
    pub driver: String,
    /// Options of the driver, kept for `inspect`.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// At most one IPv4 pool.
    #[serde(default)]
    pub pools: Vec<IpamPool>,
}

/// One pool as the user wrote it; empty texts were not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpamPool {
    /// `172.28.0.0/16`. `0.0.0.0/24` means any free subnet of that size (contract 3.1.4).
    #[serde(default)]
    pub subnet: String,
    /// The part of the subnet that containers get addresses from.
    #[serde(default)]
    pub ip_range: String,
    /// The bridge's address; the first usable one unless given.
    #[serde(default)]
    pub gateway: String,
    /// Addresses that are never given out, by a name of the user's choice.
    #[serde(default)]
    pub auxiliary: BTreeMap<String, String>,
}

/// A network of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Unique name.
    pub name: String,
    /// When it was made.
    pub created: SystemTime,
    /// What connects its containers.
    pub driver: Driver,
    /// No way out of the network, and none in.
    pub internal: bool,
    /// Kept for `inspect` only.
    pub attachable: bool,
    /// The IPAM settings as given.
    pub ipam: Ipam,
    /// Driver options as given.
    pub options: BTreeMap<String, String>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// Addresses; none for `host` and `none`.
    pub addressing: Option<Addressing>,
    /// Name of the bridge interface; none for `host` and `none`.
    pub bridge: Option<String>,
}

/// The addresses of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressing {
    /// All of them.
    pub subnet: Ipv4Subnet,
    /// Where containers get theirs from: the subnet, or a part of it.
    pub range: Ipv4Subnet,
    /// The bridge's own address, and the containers' default route unless the network is internal.
    pub gateway: Ipv4Addr,
    /// Addresses that are never given out.
    pub reserved: Vec<Ipv4Addr>,
    /// Whether the engine picked the subnet. It may pick again while nobody uses the network.
    pub chosen_by_engine: bool,
}

impl Network {
    /// Whether it is one of `bridge`, `host`, `none`.
    pub fn is_predefined(&self) -> bool {
        super::PREDEFINED.contains(&self.name.as_str())
    }

    /// Whether it is the shared `bridge` network, which has no name resolution (contract 3.2.7).
    pub fn is_default_bridge(&self) -> bool {
        self.name == super::DEFAULT_BRIDGE
    }

    /// A boolean driver option (contract 3.2.2), `default` when it is not given.
    pub(crate) fn flag(&self, option: &str, default: bool) -> bool {
        self.options.get(option).and_then(|value| parse_bool(value)).unwrap_or(default)
    }
}

/// The spellings of truth that Docker's options accept.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
