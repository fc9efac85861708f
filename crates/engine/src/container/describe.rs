//! A container as `inspect` and lists show it.

use std::path::Path;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::instance::Container;
use super::merge::command;
use super::mounts::{MountKind, MountRecord};
use super::record::Record;
use super::security::SecurityOptions;
use super::state::{State, Status};
use crate::core::Core;
use crate::model::MountPoint;
use crate::model::inspect::{ContainerInspect, ContainerState, GraphDriver, Health, NetworkSettings};
use crate::model::summary::{ContainerSummary, Port, SummaryHostConfig, SummaryNetworks};
use crate::model::{EndpointSettings, HostConfig, host_config::PortMap};
use crate::names::api_time;

/// Everything about a container.
pub fn inspect(core: &Core, container: &Container) -> ContainerInspect {
    let (record, state) = (container.record(), container.state());
    let mut words = command(&record.config).into_iter();
    // What a start makes is not there before, but stays when the start fails.
    let was_started = state.started_at.is_some() || !state.error.is_empty();
    let made = |path: &Path| {
        let path = Some(path).filter(|_| was_started);
        path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let file = |name: &str| made(&container.run_path(name));
    ContainerInspect {
        id: record.id.clone(),
        created: api_time(Some(record.created)),
        path: words.next().unwrap_or_default(),
        args: words.collect(),
        state: describe_state(container, &state),
        image: record.image_id.clone(),
        resolv_conf_path: file("resolv.conf"),
        hostname_path: file("hostname"),
        hosts_path: file("hosts"),
        log_path: made(container.log.public_path()),
        name: format!("/{}", record.name),
        restart_count: state.restart_count,
        driver: "overlay2".to_owned(),
        platform: record.platform.clone(),
        app_armor_profile: apparmor_profile(core, &record.host_config),
        exec_ids: Some(core.execs.of_container(&record.id)).filter(|ids| !ids.is_empty()),
        host_config: record.host_config.clone(),
        graph_driver: graph_driver(core, container, &record),
        mounts: mounts(core, &record),
        config: config(&record),
        network_settings: network_settings(core, &record, &state),
        ..ContainerInspect::default()
    }
}

/// What was asked for, also on a host without AppArmor, as on Docker Engine.
fn apparmor_profile(core: &Core, host: &HostConfig) -> String {
    // The options were understood when the container was created.
    let asked = SecurityOptions::parse(host).map(|options| options.apparmor).unwrap_or_default();
    core.apparmor.profile(&asked, host.privileged).unwrap_or(asked)
}

/// A host name that nobody chose is the id's beginning (contract 1.2.1), and an address of the first network stands here too,
/// where it was before there were several.
fn config(record: &Record) -> crate::model::Config {
    let mut config = record.config.clone();
    config.hostname = super::files::hostname(record);
    if let Some(first) = record.endpoints.get(&record.host_config.network_mode) {
        config.mac_address.clone_from(&first.mac_address);
    }
    config
}

fn describe_state(container: &Container, state: &State) -> ContainerState {
    ContainerState {
        status: state.status.as_str().to_owned(),
        running: state.status.counts_as_running(),
        paused: state.status == Status::Paused,
        restarting: state.status == Status::Restarting,
        oom_killed: state.oom_killed,
        dead: state.status == Status::Dead,
        pid: state.process.as_ref().map_or(0, |process| process.pid),
        exit_code: state.exit_code,
        error: state.error.clone(),
        started_at: api_time(state.started_at),
        finished_at: api_time(state.finished_at),
        health: health(container, state),
    }
}

/// The probes as the machine knows them, with the status of the state: the machine's own is ahead of it until
/// connections follow, and who sees a status may rely on that.
fn health(container: &Container, state: &State) -> Option<Health> {
    let report = match container.run() {
        Some(run) => run.health_report(),
        None => container.last_health(),
    };
    let shown = state.shown_health().map(|status| status.as_str().to_owned());
    match (report, shown) {
        (Some(report), Some(status)) => Some(Health { status, ..report }),
        (report, shown) => report.or_else(|| Some(Health { status: shown?, ..Health::default() })),
    }
}

fn graph_driver(core: &Core, container: &Container, record: &Record) -> GraphDriver {
    let path = |name: &str| container.path(name).to_string_lossy().into_owned();
    let layers = core.images.get(&record.image_id).map(|image| image.layers).unwrap_or_default();
    let lower: Vec<_> = std::iter::once(&core.init_layer)
        .chain(&layers)
        .map(|layer| layer.to_string_lossy().into_owned())
        .collect();
    let data = [
        ("ID", record.id.clone()),
        ("LowerDir", lower.join(":")),
        ("MergedDir", core.paths.rootfs().to_string_lossy().into_owned()),
        ("UpperDir", path("upper")),
        ("WorkDir", path("work")),
    ];
    let data = data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    GraphDriver { name: "overlay2".to_owned(), data }
}

fn mounts(core: &Core, record: &Record) -> Vec<MountPoint> {
    let source = |mount: &MountRecord| match mount.kind {
        MountKind::Volume => core.volumes.data(&mount.volume).to_string_lossy().into_owned(),
        // Put together in the container's own mount namespace, as its root is.
        MountKind::Image => core.paths.empty().to_string_lossy().into_owned(),
        MountKind::Bind | MountKind::Tmpfs => mount.source.clone(),
    };
    // Docker does not list tmpfs from its short form, and lists that of the long form; one rule for both is clearer.
    let listed = record.mounts.iter().filter(|mount| !mount.unlisted);
    listed.map(|mount| mount.describe(source(mount))).collect()
}

fn network_settings(core: &Core, record: &Record, state: &State) -> NetworkSettings {
    let networks = networks(core, record, state);
    let bridge = networks.get("bridge").cloned().unwrap_or_default();
    let own = state.process.as_ref().filter(|_| !record.host_config.network_mode.starts_with("container:"));
    NetworkSettings {
        // There is one namespace per container, which has no name but that of its process.
        sandbox_id: own.map(|_| record.id.clone()).unwrap_or_default(),
        sandbox_key: own.map(|process| format!("/proc/{}/ns/net", process.pid)).unwrap_or_default(),
        ports: state.ports.clone(),
        endpoint_id: bridge.endpoint_id,
        gateway: bridge.gateway,
        ip_address: bridge.ip_address,
        ip_prefix_len: bridge.ip_prefix_len,
        mac_address: bridge.mac_address,
        networks,
        ..NetworkSettings::default()
    }
}

/// With addresses while it runs; before the first start as asked, and after a run with what stays: the network and the names there.
fn networks(core: &Core, record: &Record, state: &State) -> IndexMap<String, EndpointSettings> {
    let shown = |name: &String, asked: &EndpointSettings| match state.networks.get(name) {
        Some(given) if state.status.has_process() => given.clone(),
        _ if state.started_at.is_none() => asked.clone(),
        given => EndpointSettings {
            network_id: core.connector.networks().inspect(name).map(|network| network.id).unwrap_or_default(),
            dns_names: given.and_then(|given| given.dns_names.clone()),
            ..asked.clone()
        },
    };
    record.endpoints.iter().map(|(name, asked)| (name.clone(), shown(name, asked))).collect()
}

/// One line of a list.
pub fn summarize(core: &Core, container: &Container, now: Timestamp) -> ContainerSummary {
    let (record, state) = (container.record(), container.state());
    ContainerSummary {
        id: record.id.clone(),
        names: vec![format!("/{}", record.name)],
        image: core.images.display_name(&record.config.image, &record.image_id),
        image_id: record.image_id.clone(),
        command: quoted(&command(&record.config)),
        created: record.created.as_second(),
        ports: ports(&record, &state),
        labels: record.config.labels.clone(),
        state: state.status.as_str().to_owned(),
        status: state.describe(now),
        host_config: SummaryHostConfig { network_mode: record.host_config.network_mode.clone() },
        network_settings: SummaryNetworks { networks: networks(core, &record, &state) },
        mounts: mounts(core, &record),
        ..ContainerSummary::default()
    }
}

/// Docker puts arguments with spaces into single quotes.
fn quoted(words: &[String]) -> String {
    let quote = |word: &String| if word.contains(' ') { format!("'{word}'") } else { word.clone() };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// Published ports of a running container, and exposed ones without an address.
fn ports(record: &Record, state: &State) -> Vec<Port> {
    if !state.status.has_process() {
        return Vec::new();
    }
    let exposed = record.config.exposed_ports.keys().filter(|port| !state.ports.contains_key(*port));
    let exposed = exposed.filter_map(|port| split_port(port)).map(|(private_port, protocol)| Port {
        private_port,
        protocol,
        ..Port::default()
    });
    let mut all: Vec<Port> = published(&state.ports).chain(exposed).collect();
    all.sort_by(|one, other| {
        (one.private_port, &one.ip, one.public_port).cmp(&(other.private_port, &other.ip, other.public_port))
    });
    all
}

fn published(ports: &PortMap) -> impl Iterator<Item = Port> + '_ {
    ports.iter().filter_map(|(port, bindings)| Some((split_port(port)?, bindings))).flat_map(
        |((private_port, protocol), bindings)| {
            let none = vec![crate::model::PortBinding::default()];
            let bindings = bindings.clone().unwrap_or(none);
            bindings.into_iter().map(move |binding| Port {
                ip: binding.host_ip,
                private_port,
                public_port: binding.host_port.parse().unwrap_or(0),
                protocol: protocol.clone(),
            })
        },
    )
}

/// `80/tcp`; without a protocol it is tcp.
pub fn split_port(text: &str) -> Option<(u16, String)> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    Some((port.parse().ok()?, protocol.to_owned()))
}
