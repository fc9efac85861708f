//! What a container is, as plain data: everything that the child needs to set itself up, and nothing that it
//! has to ask for.
//!
//! The worker writes a spec, the child reads it; the monitor between them only passes it on.
//! No I/O happens here. Docker's defaults are in [`defaults`].

mod defaults;
mod devices;
mod filesystem;
mod namespaces;
mod process;
mod resources;

pub use defaults::{
    DEFAULT_PATH, DEFAULT_SHM_SIZE, default_masked_paths, default_mounts, default_read_only_paths,
};
pub use devices::{
    DeviceAccess, DeviceKind, DeviceNode, DeviceRule, default_device_nodes, default_device_rules,
};
pub use filesystem::{
    BindMount, LayersMount, Mount, MountKind, MountOptions, Propagation, RootFilesystem, TmpfsMount,
};
pub use namespaces::{CgroupNamespace, Namespace, Namespaces, NetworkNamespace};
pub use process::{Process, ResourceLimit, Seccomp, TerminalSize};
pub use resources::{BlockDeviceRate, CgroupLimits, CgroupSpec};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::process::Identity;

/// The version of the spec's JSON form. A reader refuses any other.
pub const SPEC_VERSION: u32 = 2;

/// One container, from its root file system to the arguments of its first process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerSpec {
    /// [`SPEC_VERSION`].
    pub version: u32,
    /// The container's id. Names its session keyring (contract 1.8).
    pub id: String,
    /// Where the root file system comes from.
    pub root: RootFilesystem,
    /// Mount the root read-only once everything is in place (contract 1.3.5).
    pub read_only: bool,
    /// All mounts; the child sorts them by depth (contract 1.3.6).
    pub mounts: Vec<Mount>,
    /// Device nodes made in `/dev`. Ignored when a bind covers `/dev` (contract 1.3.3).
    pub devices: Vec<DeviceNode>,
    /// Paths hidden behind an empty directory or `/dev/null` (contract 1.5.1). Missing ones are skipped.
    pub masked_paths: Vec<String>,
    /// Paths remounted read-only (contract 1.5.2). Missing ones are skipped.
    pub read_only_paths: Vec<String>,
    /// Which namespaces are its own.
    pub namespaces: Namespaces,
    /// Passed to `sethostname` as it is. Must be none when the UTS namespace is the host's.
    pub hostname: Option<String>,
    /// The NIS domain name.
    pub domainname: Option<String>,
    /// `name → value` in dot or slash spelling, set one by one; the child refuses names outside contract
    /// 1.9.5.
    pub sysctls: BTreeMap<String, String>,
    /// The container's cgroup and its limits.
    pub cgroup: CgroupSpec,
    /// The first process.
    pub process: Process,
    /// Keep a small reaping process as PID 1 and run [`Self::process`] as its child (contract 1.9.6).
    pub init: bool,
}

/// One more process in a running container (contract 1.12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecSpec {
    /// [`SPEC_VERSION`].
    pub version: u32,
    /// The first process of the container to join. Its namespaces are entered only if this identity still
    /// holds.
    pub container: Identity,
    /// The container's cgroup, joined first.
    pub cgroup: CgroupSpec,
    /// The process to run.
    pub process: Process,
}

impl ExecSpec {
    /// An exec of `process` in the container whose first process is `container` (contract 1.12.1:
    /// start from a clone of the container's own [`Process`]).
    pub fn new(container: Identity, cgroup: CgroupSpec, process: Process) -> Self {
        Self { version: SPEC_VERSION, container, cgroup, process }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_survives_its_json() {
        let root = RootFilesystem::Directory { path: "/rootfs".into() };
        let mut spec = ContainerSpec::docker_defaults(
            "0123456789abcdef",
            "wharf",
            root,
            Process::docker_defaults(vec!["sh".into()]),
        );
        spec.mounts.push(Mount::bind("/a", "/b", true));
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ContainerSpec>(&text).unwrap(), spec);
        assert_eq!(spec.hostname.as_deref(), Some("0123456789ab"));
        assert!(serde_json::from_str::<ContainerSpec>(&text.replacen("\"id\"", "\"idd\"", 1)).is_err());
    }
}
