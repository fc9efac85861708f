//! Why a process could not be started, as told from the child over the monitor to the worker.

use serde::{Deserialize, Serialize};

/// A process that could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct LaunchFailure {
    /// Which launch.
    pub id: String,
    /// Where it failed.
    pub stage: Stage,
    /// What failed, on what, and why; complete, in Docker's words where Docker has them (contract 1.11.5).
    pub message: String,
    /// The exit code Docker reports: 127, 126 or 128 (contract 1.11.5).
    pub exit_code: i32,
}

/// The steps of a launch, in their order (contract 1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading and checking the spec.
    Specification,
    /// Making the child.
    Fork,
    /// Making or joining the cgroup and its limits.
    Cgroup,
    /// Making or joining namespaces.
    Namespaces,
    /// Mounting the root file system and switching to it.
    RootFilesystem,
    /// The mounts below the root, masks, devices.
    Mounts,
    /// The pseudo-terminal.
    Terminal,
    /// Host name, sysctls, resource limits.
    Settings,
    /// Capabilities, seccomp, no new privileges.
    Security,
    /// Looking up and becoming the user.
    User,
    /// Entering the working directory.
    WorkingDirectory,
    /// Looking up and executing the command.
    Execute,
}
