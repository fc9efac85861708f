//! The seam to the container runtime: running one process in a file system that is being built.
//!
//! The engine implements [`StepRunner`]; this crate prepares the directories and decides what to run.

use std::net::IpAddr;
use std::path::PathBuf;

use futures::future::BoxFuture;

use crate::event::OutputStream;

/// Runs the processes of `RUN` steps.
pub trait StepRunner: Send + Sync {
    /// Runs `step` to its end and returns how its process ended.
    ///
    /// The process gets no input (contract 8.8.4), a container's default capabilities, seccomp filter and
    /// mounts, and its own namespaces. `output` is called with what it writes, in pieces of any size.
    /// Everything the runtime itself mounts (`/proc`, `/sys`, `/dev`, `/etc/hosts`, `/etc/resolv.conf`,
    /// `/etc/hostname`) must be a mount, never a file in `upper` (contract 8.8.3); mount points that it had
    /// to create there are removed by this crate.
    ///
    /// When it returns, the process and its children are gone and nothing of it is mounted. Dropping the
    /// future kills the process; `upper` may be removed at any time after that.
    ///
    /// # Errors
    /// Only when the process could not be run; a non-zero exit is an `Ok`.
    fn run<'a>(
        &'a self,
        step: RunStep,
        output: &'a OutputSink<'a>,
    ) -> BoxFuture<'a, Result<RunExit, RunnerError>>;
}

/// Receives raw output of a step's process.
pub type OutputSink<'a> = dyn Fn(OutputStream, &[u8]) + Send + Sync + 'a;

/// Everything about one process.
#[derive(Debug, Clone)]
pub struct RunStep {
    /// Layer directories below the step, topmost first. Empty for a step on `scratch`.
    pub lowers: Vec<PathBuf>,
    /// Receives the changes; empty. On the same file system as `work`.
    pub upper: PathBuf,
    /// overlayfs' work directory, empty.
    pub work: PathBuf,
    /// The command; never empty.
    pub argv: Vec<String>,
    /// `NAME=value`, each name once. `HOME` and `HOSTNAME` are the runner's (contract 1.9.7, 1.9.8).
    pub env: Vec<String>,
    /// Absolute working directory; it exists.
    pub cwd: String,
    /// `user[:group]` as written in `USER`; empty for root. Resolved against the step's own file system
    /// (contract 1.10.4).
    pub user: String,
    /// Host name inside (`buildkitsandbox`, contract 8.8.3).
    pub hostname: String,
    /// Which network it sees.
    pub network: NetworkMode,
    /// Additional lines of `/etc/hosts`.
    pub extra_hosts: Vec<ExtraHost>,
    /// Mounts, in the order in which they are to be made.
    pub mounts: Vec<RunMount>,
}

/// Network of a `RUN` step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkMode {
    /// Like a container on the default bridge: outgoing connections and name resolution.
    #[default]
    Default,
    /// Only a loopback device.
    None,
    /// The host's own network.
    Host,
}

/// A name for `/etc/hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraHost {
    /// The name.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
}

/// One mount of a `RUN` step. Targets are absolute, cleaned, below `/`, and resolved inside the step's root
/// without leaving it; the runner creates missing mount points (a directory or an empty file, like the
/// source).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunMount {
    /// A file or directory of this host.
    Bind {
        /// Path on this host; it exists.
        source: PathBuf,
        /// Where it appears.
        target: String,
        /// Whether writing to it is refused.
        read_only: bool,
    },
    /// An empty file system in memory.
    Tmpfs {
        /// Where it appears.
        target: String,
        /// Limit in bytes.
        size: Option<u64>,
    },
}

/// How a step's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunExit {
    /// Exit code; 128 + signal when a signal ended it.
    pub code: i32,
    /// Whether the kernel killed it for its memory (contract 8.8.4).
    pub out_of_memory: bool,
}

/// Why a process could not be run at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunnerError(
    /// The runtime's own message, with its causes.
    pub String,
);
