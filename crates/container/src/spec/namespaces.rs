//! Which namespaces a container has for itself, as data.

use serde::{Deserialize, Serialize};

use crate::process::Identity;

/// The namespaces of one container. A mount namespace of its own it always has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Namespaces {
    /// Network.
    pub network: NetworkNamespace,
    /// Process ids.
    pub pid: Namespace,
    /// System V IPC and POSIX message queues.
    pub ipc: Namespace,
    /// Host and domain name.
    pub uts: Namespace,
    /// The view of the cgroup tree.
    pub cgroup: CgroupNamespace,
}

/// Own, the host's, or another container's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Namespace {
    /// A new one.
    #[default]
    New,
    /// The host's.
    Host,
    /// That of another container, named by its first process; refused when that is gone.
    Join(Identity),
}

/// Where the network namespace comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkNamespace {
    /// A new one with nothing but a loopback device that is down.
    #[default]
    New,
    /// The host's.
    Host,
    /// The descriptor that comes with the launch.
    Given,
}

/// The cgroup namespace (contract 1.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CgroupNamespace {
    /// Own when the host is on cgroup v2, else the host's: Docker's default.
    #[default]
    Default,
    /// A new one.
    New,
    /// The host's.
    Host,
}
