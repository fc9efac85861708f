//! One run of a container: from the execution of its first process to that process's end.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use rustix::fd::OwnedFd;
use tokio::task::AbortHandle;
use wharf_container::cgroup::Cgroup;
use wharf_container::process::{Identity, Pidfd};
use wharf_container::spec::{CgroupSpec, Process};

use crate::error::{Error, Result};
use crate::health::{HealthStatus, Machine};
use crate::model::inspect::Health;
use crate::network::sandbox::Sandbox;

/// What exists only while the container runs.
pub struct Run {
    /// The first process.
    pub identity: Identity,
    /// For signals; absent when it ended before this engine could open it.
    pub pidfd: Option<Pidfd>,
    /// The engine's side of its terminal.
    pub terminal: Option<OwnedFd>,
    /// Its cgroup.
    pub cgroup: Cgroup,
    /// How its cgroup was made, for execs.
    pub cgroup_spec: CgroupSpec,
    /// Its process, the template of execs (contract 1.12.1).
    pub process: Process,
    /// Its network; `None` when it uses the host's or another container's.
    pub sandbox: Option<Arc<Sandbox>>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it began, for measuring.
    pub started: Instant,
    /// Its health; `None` without a health check.
    pub health: Mutex<Option<Machine>>,
    /// Its published TCP ports are listened to; asked only where no health check tells more.
    pub listens: AtomicBool,
    /// The task that probes.
    pub prober: Mutex<Option<AbortHandle>>,
}

impl Run {
    /// Sends a signal to the first process (contract 1.11.2). A process that has just ended is no error.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn signal(&self, signal: i32) -> Result<()> {
        let Some(pidfd) = &self.pidfd else { return Ok(()) };
        match pidfd.send_signal(signal) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Internal(format!(
                "cannot send signal {signal} to process {}: {error}",
                self.identity.pid
            ))),
            _ => Ok(()),
        }
    }

    /// Its probes.
    pub fn health_report(&self) -> Option<Health> {
        let machine = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        machine.as_ref().map(Machine::report)
    }

    /// The verdict of its last probe.
    pub fn health_status(&self) -> Option<HealthStatus> {
        let machine = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        machine.as_ref().map(Machine::status)
    }

    /// The network namespace that its processes are in.
    ///
    /// # Errors
    /// It has just ended.
    pub fn network_namespace(&self) -> Result<OwnedFd> {
        if let Some(sandbox) = &self.sandbox {
            return sandbox.namespace().try_clone().map_err(Error::io("copy", "a network namespace"));
        }
        let path = format!("/proc/{}/ns/net", self.identity.pid);
        let namespace = std::fs::File::open(&path).map_err(Error::io("open", &path))?;
        // Checked after the opening: a pid that was reused meanwhile is found out.
        if self.identity.is_alive() {
            Ok(namespace.into())
        } else {
            Err(Error::Internal(format!("process {} has ended", self.identity.pid)))
        }
    }

    /// Keeps the task that probes, until [`Run::stop_probing`].
    pub fn probe_with(&self, task: AbortHandle) {
        *self.prober.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Ends probing; the health stays as it is.
    pub fn stop_probing(&self) {
        if let Some(prober) = self.prober.lock().unwrap_or_else(PoisonError::into_inner).take() {
            prober.abort();
        }
    }
}
