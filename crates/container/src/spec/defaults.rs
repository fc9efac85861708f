//! Docker's defaults (contract 1.3.1, 1.5, 1.9): what a container gets that asks for nothing.

use std::collections::BTreeMap;
use std::fs;

use super::{
    CgroupSpec, ContainerSpec, Mount, MountKind, MountOptions, Namespaces, NetworkNamespace, Process,
    RootFilesystem, SPEC_VERSION, Seccomp, TmpfsMount, default_device_nodes, default_device_rules,
};
use crate::capabilities::Capabilities;

/// `PATH` of a container that sets none (contract 1.9.7).
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Size of `/dev/shm` in bytes (contract 1.3.2).
pub const DEFAULT_SHM_SIZE: u64 = 67_108_864;

/// The default mounts (contract 1.3.1), with `/dev/shm` of `shm_size` bytes.
pub fn default_mounts(shm_size: u64) -> Vec<Mount> {
    let confined = MountOptions::confined();
    let no_suid = MountOptions { no_suid: true, ..MountOptions::none() };
    let dev = TmpfsMount {
        source: Some("tmpfs".into()),
        size: Some(65_536 << 10),
        mode: Some(0o755),
        options: Vec::new(),
    };
    let shm = TmpfsMount {
        source: Some("shm".into()),
        size: Some(shm_size),
        mode: Some(0o1777),
        options: Vec::new(),
    };
    vec![
        Mount::new("/proc", MountKind::Proc, confined),
        Mount::new("/dev", MountKind::Tmpfs(dev), MountOptions { strict_atime: true, ..no_suid }),
        Mount::new("/dev/pts", MountKind::Devpts, MountOptions { no_exec: true, ..no_suid }),
        Mount::new("/sys", MountKind::Sysfs, confined.with_read_only(true)),
        Mount::new("/sys/fs/cgroup", MountKind::Cgroup, confined.with_read_only(true)),
        Mount::new("/dev/mqueue", MountKind::Mqueue, confined),
        Mount::new("/dev/shm", MountKind::Tmpfs(shm), confined),
    ]
}

/// Paths hidden from a container that is not privileged (contract 1.5.1).
pub fn default_masked_paths() -> Vec<String> {
    const FIXED: [&str; 12] = [
        "/proc/asound",
        "/proc/acpi",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ];
    FIXED.iter().map(|path| (*path).to_owned()).chain(thermal_throttle_paths()).collect()
}

/// `/sys/devices/system/cpu/cpu<N>/thermal_throttle` of each CPU of this host that has one, in order.
fn thermal_throttle_paths() -> Vec<String> {
    const CPUS: &str = "/sys/devices/system/cpu";
    let mut numbers: Vec<u32> = fs::read_dir(CPUS)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("cpu")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let paths = numbers.iter().map(|number| format!("{CPUS}/cpu{number}/thermal_throttle"));
    paths.filter(|path| fs::exists(path).unwrap_or(false)).collect()
}

/// Paths that a container that is not privileged can only read (contract 1.5.2).
pub fn default_read_only_paths() -> Vec<String> {
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"].map(str::to_owned).to_vec()
}

/// Sysctls of a container with a network namespace of its own (contract 1.9.4).
fn default_sysctls() -> BTreeMap<String, String> {
    [("net.ipv4.ip_unprivileged_port_start", "0"), ("net.ipv4.ping_group_range", "0 2147483647")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

impl Process {
    /// Root with Docker's default rights, running `arguments` in `/` with the default `PATH`.
    pub fn docker_defaults(arguments: Vec<String>) -> Self {
        Self {
            arguments,
            environment: vec![format!("PATH={DEFAULT_PATH}")],
            working_directory: "/".to_owned(),
            user: String::new(),
            additional_groups: Vec::new(),
            umask: 0o022,
            oom_score_adj: Some(0),
            resource_limits: Vec::new(),
            no_new_privileges: false,
            capabilities: Capabilities::docker_defaults(),
            seccomp: Seccomp::Default,
            apparmor: None,
            filter_capabilities: None,
            terminal: None,
        }
    }
}

impl ContainerSpec {
    /// Docker's defaults for a container that gets its network namespace with the launch.
    ///
    /// `cgroup_parent` is the engine's, see [`CgroupSpec::parent`]. Change what differs afterwards.
    pub fn docker_defaults(id: &str, cgroup_parent: &str, root: RootFilesystem, process: Process) -> Self {
        Self {
            version: SPEC_VERSION,
            id: id.to_owned(),
            root,
            read_only: false,
            mounts: default_mounts(DEFAULT_SHM_SIZE),
            devices: default_device_nodes(),
            masked_paths: default_masked_paths(),
            read_only_paths: default_read_only_paths(),
            namespaces: Namespaces { network: NetworkNamespace::Given, ..Namespaces::default() },
            hostname: Some(id.chars().take(12).collect()),
            domainname: None,
            sysctls: default_sysctls(),
            cgroup: CgroupSpec {
                parent: cgroup_parent.to_owned(),
                name: id.to_owned(),
                limits: Default::default(),
                device_rules: default_device_rules(),
            },
            process,
            init: false,
        }
    }

    /// The host's network: no descriptor, no network sysctls (contract 1.9.4).
    pub fn use_host_network(&mut self) {
        self.namespaces.network = NetworkNamespace::Host;
        self.sysctls.retain(|name, _| !name.starts_with("net."));
    }

    /// Privileged: every capability, no filter, no masks, all devices allowed, sysfs and cgroups writable.
    ///
    /// The device nodes of the host are for the caller to add to [`Self::devices`] (contract 1.4.7).
    pub fn make_privileged(&mut self) {
        self.process.capabilities = Capabilities::all();
        self.process.seccomp = Seccomp::Unconfined;
        self.masked_paths.clear();
        self.read_only_paths.clear();
        self.cgroup.device_rules = vec![super::DeviceRule::ALLOW_ALL];
        for mount in &mut self.mounts {
            if matches!(mount.kind, MountKind::Sysfs | MountKind::Cgroup) {
                mount.options.read_only = false;
            }
        }
    }
}
