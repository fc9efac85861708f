//! Driver options of a bridge network (contract 3.2.2). One that is not supported is refused, never ignored.

use std::net::IpAddr;

use super::network::{Network, NetworkSpec, parse_bool};
use crate::error::{NetworkError, Result};

const PREFIX: &str = "com.docker.network.";
const BRIDGE_NAME: &str = "com.docker.network.bridge.name";
const MASQUERADE: &str = "com.docker.network.bridge.enable_ip_masquerade";
const COMMUNICATION: &str = "com.docker.network.bridge.enable_icc";
const HOST_BINDING: &str = "com.docker.network.bridge.host_binding_ipv4";
const GATEWAY_MODE: &str = "com.docker.network.bridge.gateway_mode_ipv4";
const DEFAULT_BRIDGE: &str = "com.docker.network.bridge.default_bridge";
const MTU: &str = "com.docker.network.driver.mtu";
const INTERFACE_PREFIX: &str = "com.docker.network.container_iface_prefix";
/// `IFNAMSIZ` without the terminating zero.
const INTERFACE_NAME_LENGTH: usize = 15;
/// The kernel's smallest and largest MTU of a bridge, bytes.
const MTU_RANGE: std::ops::RangeInclusive<u32> = 68..=65535;

impl Network {
    /// Whether what leaves the network gets the host's address.
    pub(crate) fn masquerades(&self) -> bool {
        self.flag(MASQUERADE, true)
    }

    /// Whether containers of the network may talk to each other.
    pub(crate) fn allows_communication(&self) -> bool {
        self.flag(COMMUNICATION, true)
    }

    /// The MTU that was asked for, bytes.
    pub(crate) fn mtu(&self) -> Option<u32> {
        self.options.get(MTU)?.parse().ok()
    }

    /// What interfaces in containers are called, before their number.
    pub(crate) fn interface_prefix(&self) -> &str {
        self.options.get(INTERFACE_PREFIX).map_or("eth", String::as_str)
    }

    /// The host address that ports are published on when the container names none.
    pub fn host_binding(&self) -> Option<IpAddr> {
        self.options.get(HOST_BINDING)?.parse().ok()
    }
}

/// The bridge's name, if the user chose one.
pub(super) fn bridge_name(spec: &NetworkSpec) -> Option<&String> {
    spec.options.get(BRIDGE_NAME)
}

/// Refuses options that are unknown or have an impossible value.
pub(super) fn check(spec: &NetworkSpec) -> Result<()> {
    for (option, value) in &spec.options {
        let good = match option.as_str() {
            BRIDGE_NAME => is_interface_name(value, INTERFACE_NAME_LENGTH),
            // Room for a number.
            INTERFACE_PREFIX => is_interface_name(value, INTERFACE_NAME_LENGTH - 3),
            MASQUERADE | COMMUNICATION | DEFAULT_BRIDGE => parse_bool(value).is_some(),
            HOST_BINDING => value.parse::<IpAddr>().is_ok(),
            MTU => value.parse().is_ok_and(|mtu| MTU_RANGE.contains(&mtu)),
            GATEWAY_MODE => matches!(value.as_str(), "" | "nat"),
            other => !other.starts_with(PREFIX),
        };
        if !good {
            let reason = format!("the driver option {option}={value} is not supported");
            return Err(NetworkError::invalid(&spec.name, reason));
        }
    }
    Ok(())
}

/// Interface names are put into requests and paths under /proc/sys.
pub(crate) fn is_interface_name(name: &str, longest: usize) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    first && rest && name.len() <= longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_option(option: &str, value: &str) -> bool {
        let options = [(option.to_owned(), value.to_owned())].into();
        check(&NetworkSpec { name: "n".into(), options, ..NetworkSpec::default() }).is_ok()
    }

    #[test]
    fn only_what_is_supported_is_accepted() {
        for (option, value) in
            [(MTU, "1400"), (COMMUNICATION, "false"), (BRIDGE_NAME, "my-br0"), ("mine", "x")]
        {
            assert!(check_option(option, value), "{option}={value}");
        }
        for (option, value) in [
            (MTU, "12"),
            (COMMUNICATION, "maybe"),
            (BRIDGE_NAME, "../etc"),
            (BRIDGE_NAME, "sixteencharacter"),
            (GATEWAY_MODE, "routed"),
            ("com.docker.network.bridge.inhibit_ipv4", "true"),
        ] {
            assert!(!check_option(option, value), "{option}={value}");
        }
    }
}
