//! `/info`.

use indexmap::IndexMap;
use jiff::Timestamp;

use super::host;
use crate::container::state::Status;
use crate::core::Core;
use crate::error::Result;
use crate::model::system::{Info, Plugins, Runtime, Swarm};
use crate::names;
use crate::observe;

/// How an orchestrator recognises this engine.
const ENGINE_LABEL: &str = "dev.wharf.engine=1";
const RUNTIME: &str = "wharf";

/// Counts the objects and looks at the host.
///
/// # Errors
/// The host or the image store cannot be read.
pub fn info(core: &Core) -> Result<Info> {
    let counts = Counts::of(core);
    let controller = |name: &str| core.hierarchies.has(name);
    Ok(Info {
        id: host::machine_id(),
        containers: counts.all,
        containers_running: counts.running,
        containers_paused: counts.paused,
        containers_stopped: counts.all - counts.running - counts.paused,
        images: core.images.images()?.len(),
        memory_limit: controller("memory"),
        swap_limit: controller("memory"),
        cpu_cfs_period: controller("cpu"),
        cpu_cfs_quota: controller("cpu"),
        cpu_shares: controller("cpu"),
        cpu_set: controller("cpuset"),
        pids_limit: controller("pids"),
        security_options: security_options(core),
        cgroup_version: if core.hierarchies.is_unified() { "2" } else { "1" }.to_owned(),
        event_listeners: core.events.listeners(),
        docker_root_dir: core.paths.root().to_string_lossy().into_owned(),
        mem_total: observe::total_memory()?,
        ..constants()
    })
}

/// What confines containers that ask for nothing.
fn security_options(core: &Core) -> Vec<String> {
    let all = [
        ("name=apparmor", core.apparmor.has_default()),
        ("name=seccomp,profile=builtin", true),
        ("name=cgroupns", core.hierarchies.is_unified()),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned()).collect()
}

struct Counts {
    all: usize,
    running: usize,
    paused: usize,
}

impl Counts {
    /// A container that waits for its restart counts as running (contract 5.2).
    fn of(core: &Core) -> Counts {
        let containers = core.containers.all();
        let count = |wanted: fn(Status) -> bool| {
            containers.iter().filter(|container| wanted(container.status())).count()
        };
        Counts {
            all: containers.len(),
            running: count(|status| matches!(status, Status::Running | Status::Restarting)),
            paused: count(|status| status == Status::Paused),
        }
    }
}

/// What does not depend on the state of this engine.
fn constants() -> Info {
    Info {
        driver: "overlay2".to_owned(),
        driver_status: vec![
            ["Supports d_type".to_owned(), "true".to_owned()],
            ["Native Overlay Diff".to_owned(), "true".to_owned()],
        ],
        plugins: plugins(),
        ipv4_forwarding: host::forwards_ipv4(),
        descriptors: host::open_descriptors(),
        system_time: names::api_time(Some(Timestamp::now())),
        logging_driver: "json-file".to_owned(),
        cgroup_driver: "cgroupfs".to_owned(),
        kernel_version: host::kernel_release(),
        operating_system: host::operating_system(),
        os_type: "linux".to_owned(),
        architecture: host::machine(),
        index_server_address: "https://index.docker.io/v1/".to_owned(),
        cpus: host::cpus(),
        name: host::name(),
        labels: vec![ENGINE_LABEL.to_owned()],
        server_version: env!("CARGO_PKG_VERSION").to_owned(),
        runtimes: IndexMap::from([(RUNTIME.to_owned(), Runtime { path: RUNTIME.to_owned() })]),
        default_runtime: RUNTIME.to_owned(),
        swarm: Swarm { local_node_state: "inactive".to_owned(), ..Swarm::default() },
        init_binary: "docker-init".to_owned(),
        ..Info::default()
    }
}

fn plugins() -> Plugins {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Plugins {
        volume: names(&["local"]),
        network: names(&["bridge", "host", "null"]),
        authorization: None,
        log: names(&["json-file", "none"]),
    }
}
