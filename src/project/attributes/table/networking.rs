//! A service: its place in networks, names and ports.

use crate::project::attributes::cases::{ALWAYS, ENDPOINT_OPTIONS};
use crate::project::attributes::row::{Attribute, row};
use crate::project::attributes::support::{Support::Differs, refused};
use crate::project::attributes::texts::{DESCRIPTION, IPV6};
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// Its rows.
pub const ROWS: &[Attribute] = &[
    row("services.*.dns", "Name servers")
        .default("the host's")
        .merge(Rule::KeyValueList)
        .unique(Key::BeforeEquals),
    row("services.*.dns_opt", "Resolver options").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
    row("services.*.dns_search", "Search domains").merge(Rule::KeyValueList).unique(Key::BeforeEquals),
    row("services.*.expose", "Ports noted in the container's description").unique(Key::Text),
    row("services.*.external_links", "Links to containers outside the project"),
    row("services.*.extra_hosts", "Entries of `/etc/hosts`").merge(Rule::DistinctList),
    row("services.*.links", "Other names for other services").unique(Key::BeforeEquals),
    row("services.*.mac_address", "MAC address on the primary network").default("random"),
    row("services.*.network_mode", "`host`, `none`, `bridge`, or the network of another container")
        .default("the project's networks"),
    row("services.*.networks", "Networks of the service").default("`default`").merge(Rule::NamesToMap),
    row("services.*.networks.*.aliases", "Further names on the network").unique(Key::BeforeEquals),
    row("services.*.networks.*.interface_name", "Name of the interface").default("`eth0`, ...").since(1, 49),
    row("services.*.networks.*.ipv4_address", "Fixed IPv4 address"),
    row("services.*.networks.*.ipv6_address", "Fixed IPv6 address").built_in(refused(ALWAYS, IPV6)),
    row("services.*.networks.*.link_local_ips", "Link-local addresses")
        .unique(Key::BeforeEquals)
        .built_in(refused(ALWAYS, "the engine gives an interface one address")),
    row("services.*.networks.*.mac_address", "MAC address on the network").default("random"),
    row("services.*.networks.*.driver_opts", "Options of the driver for this endpoint")
        .built_in(refused(ENDPOINT_OPTIONS, "the only option is com.docker.network.endpoint.ifname")),
    row("services.*.networks.*.priority", "The highest is the primary network").default("`0`"),
    row("services.*.networks.*.gw_priority", "The highest gives the default route")
        .default("`0`")
        .since(1, 48),
    row("services.*.ports", "Ports published on the host")
        .unique(Key::Port)
        .docker(Differs("several containers cannot share a port there")),
    row("services.*.ports.[].name", "Name of the port").both(Differs(DESCRIPTION)),
    row("services.*.ports.[].mode", "`ingress` or `host`")
        .default("`ingress`")
        .both(Differs("both mean the same on one host")),
    row("services.*.ports.[].host_ip", "Address of the host").default("all"),
    row("services.*.ports.[].target", "Port in the container").cast(Cast::Integer),
    row("services.*.ports.[].published", "Port or range on the host").default("any free port"),
    row("services.*.ports.[].protocol", "`tcp`, `udp` or `sctp`").default("`tcp`"),
    row("services.*.ports.[].app_protocol", "Protocol spoken").both(Differs(DESCRIPTION)),
];
