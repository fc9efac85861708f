//! Networks.

use crate::project::attributes::cases::{
    ALWAYS, FALSE, IPV6_ADDRESS, NETWORK_DRIVERS, NETWORK_OPTIONS, NOT_DEFAULT,
};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{Support::Differs, refused};
use crate::project::attributes::texts::IPV6;
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("networks.*.name", "Real name").default("`PROJECT_KEY`"),
    row("networks.*.driver", "Network driver")
        .default("`bridge`")
        .built_in(refused(NETWORK_DRIVERS, "the drivers are bridge, host and none")),
    row("networks.*.driver_opts", "Options of the driver")
        .built_in(refused(NETWORK_OPTIONS, "the bridge driver here does not have this option")),
    row("networks.*.ipam", "How addresses are given"),
    row("networks.*.ipam.driver", "Address driver")
        .default("`default`")
        .built_in(refused(NOT_DEFAULT, "the only address driver is `default`")),
    row("networks.*.ipam.config", "Address pools").default("chosen by the engine").merge(Rule::AddressPools),
    row("networks.*.ipam.config.[].subnet", "Subnet").built_in(refused(IPV6_ADDRESS, IPV6)),
    row("networks.*.ipam.config.[].ip_range", "Range that containers get addresses from")
        .default("the subnet"),
    row("networks.*.ipam.config.[].gateway", "Address of the gateway").default("the first of the subnet"),
    row("networks.*.ipam.config.[].aux_addresses", "Addresses kept for others, by name"),
    row("networks.*.ipam.options", "Options of the address driver"),
    row("networks.*.external", "The network exists and is not the project's")
        .default("`false`")
        .cast(Cast::Boolean),
    row("networks.*.external.name", "Its name; deprecated"),
    row("networks.*.internal", "No way out of the network").default("`false`").cast(Cast::Boolean),
    row("networks.*.enable_ipv4", "IPv4 addresses")
        .default("`true`")
        .cast(Cast::Boolean)
        .built_in(refused(FALSE, "networks have IPv4 addresses always"))
        .since(1, 47),
    row("networks.*.enable_ipv6", "IPv6 addresses")
        .default("`false`")
        .cast(Cast::Boolean)
        .built_in(refused(ALWAYS, IPV6)),
    row("networks.*.attachable", "Containers outside the project may join")
        .default("`false`")
        .cast(Cast::Boolean)
        .both(Differs("on one host they always may")),
    row("networks.*.labels", "Labels of the network").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
];
