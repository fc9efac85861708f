//! One process in a container, as data.

use serde::{Deserialize, Serialize};

use crate::capabilities::Capabilities;
use crate::seccomp::Profile;

/// What is executed, as whom, and with which rights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// The command and its arguments; the command is looked up in the container's `PATH` after the user
    /// switch (contract 1.8.1). At least one.
    pub arguments: Vec<String>,
    /// `KEY=value` items. The last of equal keys wins; `HOME` is added when missing or empty (contract
    /// 1.9.8).
    pub environment: Vec<String>,
    /// Absolute path in the container, made root-owned 0755 when missing (contract 1.10.7).
    pub working_directory: String,
    /// `user[:group]` by name or number (contract 1.10.4). Empty is root.
    pub user: String,
    /// Group names or numbers added to the user's own (contract 1.10.5).
    pub additional_groups: Vec<String>,
    /// The file mode creation mask.
    pub umask: u32,
    /// -1000..=1000; none leaves it as it is.
    pub oom_score_adj: Option<i32>,
    /// Limits to set; all others are inherited from the monitor.
    pub resource_limits: Vec<ResourceLimit>,
    /// Nothing executed from here on can gain privileges.
    pub no_new_privileges: bool,
    /// The bounding, permitted and effective sets. For any user but root the kernel clears the last two when the
    /// command is executed (contract 1.6.2).
    pub capabilities: Capabilities,
    /// The system call filter.
    pub seccomp: Seccomp,
    /// The AppArmor profile that the command runs under. Only on a kernel with AppArmor; none leaves that of the engine.
    #[serde(default)]
    pub apparmor: Option<String>,
    /// What the conditions of the filter's profile are held against (contract 1.7.4): `capabilities` when it is none.
    /// An exec with more rights than its container stays under the container's filter (contract 1.12.2).
    pub filter_capabilities: Option<Capabilities>,
    /// A pseudo-terminal of this size becomes the controlling terminal and the stdio.
    pub terminal: Option<TerminalSize>,
}

/// The system call filter (contract 1.7).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seccomp {
    /// Docker's default profile for the capabilities of the process.
    #[default]
    Default,
    /// No filter.
    Unconfined,
    /// A profile in Docker's JSON form.
    Profile(Box<Profile>),
}

/// The size of a terminal window in characters. 0×0 is Docker's initial size (contract 1.12.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters per line.
    pub columns: u16,
}

/// One `setrlimit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceLimit {
    /// The name without `RLIMIT_`, in any case: `nofile`, `NPROC`.
    pub name: String,
    /// The soft limit; -1 is unlimited.
    pub soft: i64,
    /// The hard limit; -1 is unlimited.
    pub hard: i64,
}
