//! From a container's record to what its process needs for its launch. It reads the host's devices and users of other
//! containers' namespaces, and changes nothing.

use std::path::PathBuf;

use wharf_container::process::Identity;
use wharf_container::spec::{
    CgroupNamespace, CgroupSpec, ContainerSpec, Mount, MountKind, Namespace, NetworkNamespace, Process,
    ResourceLimit, RootFilesystem, TerminalSize, TmpfsMount,
};

use super::devices::devices;
use super::instance::Container;
use super::ipc::Shared;
use super::limits;
use super::merge::command;
use super::record::Record;
use super::security::SecurityOptions;
use crate::apparmor::AppArmor;
use crate::error::{Error, Result};

/// What a launch needs beside the record.
pub struct Surroundings<'a> {
    /// The host's AppArmor.
    pub apparmor: &'a AppArmor,
    /// The engine's cgroup parent.
    pub cgroup_parent: &'a str,
    /// Layers below the container's own, top first.
    pub lower: Vec<PathBuf>,
    /// Where it mounts its root.
    pub rootfs: PathBuf,
    /// The user mounts.
    pub mounts: Vec<Mount>,
    /// Its host name, which may be another container's.
    pub hostname: String,
    /// The directory of `hosts`, `hostname` and `resolv.conf`, which may be another container's.
    pub files: PathBuf,
    /// Its shared memory.
    pub ipc: Shared,
    /// The first process of the container whose PID namespace it joins.
    pub pid_donor: Option<Identity>,
}

/// The spec of a container.
///
/// # Errors
/// A device or limit that this host does not have.
pub fn container_spec(container: &Container, surroundings: Surroundings<'_>) -> Result<ContainerSpec> {
    let record = container.record();
    let host = &record.host_config;
    let security = SecurityOptions::parse(host)?;
    let root = RootFilesystem::Overlay {
        lower: surroundings.lower,
        upper: container.path("upper"),
        work: container.path("work"),
        target: surroundings.rootfs,
    };
    let process = process(&record, &security, surroundings.apparmor, &surroundings.hostname);
    let cgroup = cgroup(surroundings.cgroup_parent, &record)?;
    let mut spec = ContainerSpec::docker_defaults(&record.id, &cgroup.parent, root, process);
    if host.privileged {
        let (capabilities, seccomp) = (spec.process.capabilities, spec.process.seccomp.clone());
        spec.make_privileged();
        (spec.process.capabilities, spec.process.seccomp) = (capabilities, seccomp);
    }
    spec.read_only = host.readonly_rootfs;
    spec.init = host.init.unwrap_or(false);
    spec.hostname = Some(surroundings.hostname);
    spec.domainname = Some(record.config.domainname.clone()).filter(|name| !name.is_empty());
    spec.cgroup.limits = cgroup.limits;
    namespaces(&mut spec, &record, surroundings.pid_donor);
    paths(&mut spec, &record);
    default_mounts(&mut spec, &record, security.writable_cgroups);
    share_memory(&mut spec, surroundings.ipc);
    managed_files(&mut spec, &surroundings.files, &surroundings.mounts);
    add_mounts(&mut spec, surroundings.mounts);
    let devices = devices(host)?;
    spec.devices.retain(|node| !devices.nodes.iter().any(|other| other.path == node.path));
    spec.devices.extend(devices.nodes);
    spec.cgroup.device_rules.extend(devices.rules);
    spec.sysctls.extend(host.sysctls.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(spec)
}

/// The process of a container.
pub fn process(record: &Record, security: &SecurityOptions, apparmor: &AppArmor, hostname: &str) -> Process {
    let (config, host) = (&record.config, &record.host_config);
    let mut process = Process::docker_defaults(command(config));
    process.environment = environment(record, hostname);
    if !config.working_dir.is_empty() {
        process.working_directory.clone_from(&config.working_dir);
    }
    process.user.clone_from(&config.user);
    process.additional_groups = host.group_add.clone().unwrap_or_default();
    process.oom_score_adj = Some(host.oom_score_adj);
    process.resource_limits = resource_limits(record);
    process.no_new_privileges = security.no_new_privileges;
    process.capabilities = security.capabilities;
    process.seccomp = security.seccomp.clone();
    process.apparmor = apparmor.profile(&security.apparmor, host.privileged);
    process.terminal = config.tty.then(|| {
        let [rows, columns] = host.console_size.map(|size| u16::try_from(size).unwrap_or(0));
        TerminalSize { rows, columns }
    });
    process
}

/// Where a container's cgroup is, and its limits; without device rules, which only matter when it is made.
///
/// # Errors
/// A limit names a device that this host does not have.
pub fn cgroup(default_parent: &str, record: &Record) -> Result<CgroupSpec> {
    let asked = &record.host_config.resources.cgroup_parent;
    let parent = if asked.is_empty() { default_parent } else { asked };
    Ok(CgroupSpec {
        parent: parent.to_owned(),
        name: record.id.clone(),
        limits: limits::for_kernel(&record.host_config.resources)?,
        device_rules: Vec::new(),
    })
}

/// The base of contract 1.9.7 with the container's variables over it; an item without `=` removes a variable.
fn environment(record: &Record, hostname: &str) -> Vec<String> {
    let mut base =
        vec![format!("PATH={}", wharf_container::spec::DEFAULT_PATH), format!("HOSTNAME={hostname}")];
    if record.config.tty {
        base.push("TERM=xterm".to_owned());
    }
    overlay(base, &record.config.env)
}

/// Lays `items` over `base`: by name, in place; new ones behind.
pub fn overlay(mut base: Vec<String>, items: &[String]) -> Vec<String> {
    for item in items {
        let name = item.split('=').next().unwrap_or(item);
        let same = |other: &String| other.split('=').next() == Some(name);
        match (item.contains('='), base.iter().position(same)) {
            (true, Some(at)) => base[at].clone_from(item),
            (true, None) => base.push(item.clone()),
            (false, Some(at)) => _ = base.remove(at),
            (false, None) => {}
        }
    }
    base
}

/// Limits that are asked for; all others are those of the monitor (contract 1.9.3).
fn resource_limits(record: &Record) -> Vec<ResourceLimit> {
    let asked = record.host_config.resources.ulimits.iter().flatten();
    asked
        .map(|limit| ResourceLimit { name: limit.name.clone(), soft: limit.soft, hard: limit.hard })
        .collect()
}

fn namespaces(spec: &mut ContainerSpec, record: &Record, pid_donor: Option<Identity>) {
    let host = &record.host_config;
    if host.network_mode == "host" {
        spec.use_host_network();
    } else {
        spec.namespaces.network = NetworkNamespace::Given;
    }
    spec.namespaces.pid = match (host.pid_mode.as_str(), pid_donor) {
        (_, Some(donor)) => Namespace::Join(donor),
        ("host", None) => Namespace::Host,
        _ => Namespace::New,
    };
    if host.pid_mode != String::new() {
        // Contract 1.9.6: an init is only of use as the first process of a namespace.
        spec.init = false;
    }
    if host.ipc_mode == "host" {
        spec.namespaces.ipc = Namespace::Host;
    }
    if host.uts_mode == "host" {
        spec.namespaces.uts = Namespace::Host;
        (spec.hostname, spec.domainname) = (None, None);
    }
    spec.namespaces.cgroup = match host.cgroupns_mode.as_str() {
        "host" => CgroupNamespace::Host,
        "private" => CgroupNamespace::New,
        _ => CgroupNamespace::Default,
    };
}

fn paths(spec: &mut ContainerSpec, record: &Record) {
    if let Some(masked) = &record.host_config.masked_paths {
        spec.masked_paths.clone_from(masked);
    }
    if let Some(read_only) = &record.host_config.readonly_paths {
        spec.read_only_paths.clone_from(read_only);
    }
}

fn default_mounts(spec: &mut ContainerSpec, record: &Record, writable_cgroups: bool) {
    let host = &record.host_config;
    for mount in &mut spec.mounts {
        match (mount.destination.to_str(), &mut mount.kind) {
            (Some("/dev/shm"), MountKind::Tmpfs(TmpfsMount { size, .. })) if host.shm_size > 0 => {
                *size = u64::try_from(host.shm_size).ok();
            }
            (_, MountKind::Cgroup) => mount.options.read_only = !writable_cgroups,
            _ => {}
        }
    }
    if host.ipc_mode == "none" {
        spec.mounts.retain(|mount| mount.destination != std::path::Path::new("/dev/shm"));
    }
    if host.ipc_mode == "host" {
        // Not /dev/mqueue: a new mount of it shows the queues of the namespace, and the host need not have one.
        replace(spec, Mount::bind("/dev/shm", "/dev/shm", false));
    }
}

fn share_memory(spec: &mut ContainerSpec, shared: Shared) {
    if let Some(memory) = shared.memory {
        replace(spec, Mount::bind(memory, "/dev/shm", false));
    }
    if let Some(donor) = shared.donor {
        spec.namespaces.ipc = Namespace::Join(donor);
    }
}

/// The three files of contract 1.2.11, unless the user mounts something there.
fn managed_files(spec: &mut ContainerSpec, files: &std::path::Path, user: &[Mount]) {
    for name in ["resolv.conf", "hostname", "hosts"] {
        let target = PathBuf::from("/etc").join(name);
        if !user.iter().any(|mount| mount.destination == target) {
            spec.mounts.push(Mount::bind(files.join(name), target, spec.read_only));
        }
    }
}

/// A user mount replaces the default mount at its place; one on `/dev` all below it (contract 1.3.3).
fn add_mounts(spec: &mut ContainerSpec, mounts: Vec<Mount>) {
    for mount in mounts {
        if mount.destination == std::path::Path::new("/dev") {
            spec.mounts.retain(|other| !other.destination.starts_with("/dev"));
        }
        replace(spec, mount);
    }
}

fn replace(spec: &mut ContainerSpec, mount: Mount) {
    spec.mounts.retain(|other| other.destination != mount.destination);
    spec.mounts.push(mount);
}

/// The first process of the container whose PID namespace `record` joins (contract 1.1.5).
///
/// # Errors
/// It does not run.
pub fn pid_donor(
    record: &Record,
    get: impl Fn(&str) -> Result<std::sync::Arc<Container>>,
) -> Result<Option<Identity>> {
    let Some(donor) = record.host_config.pid_mode.strip_prefix("container:") else { return Ok(None) };
    let donor = get(donor)?;
    let missing =
        || Error::Conflict(format!("failed to join PID namespace: container {} is not running", donor.id()));
    Ok(Some(donor.run().ok_or_else(missing)?.identity.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_go_over_the_base() {
        let base = vec!["PATH=/bin".to_owned(), "TERM=xterm".to_owned()];
        let items = ["PATH=/x".to_owned(), "TERM".to_owned(), "A=1".to_owned(), "GONE".to_owned()];
        assert_eq!(overlay(base, &items), ["PATH=/x", "A=1"]);
    }
}
