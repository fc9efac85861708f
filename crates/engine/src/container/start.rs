//! Starting a container: network, files, spec, launch; everything is undone when a step fails.

use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::Timestamp;
use wharf_container::Stage;
use wharf_container::cgroup::Cgroup;
use wharf_container::spec::ContainerSpec;
use wharf_container::stdio::ParentStdio;
use wharf_network::{DnsSettings, ResolvConf};

use super::exit::supervise;
use super::files;
use super::health::begin_probing;
use super::instance::Container;
use super::ipc;
use super::mounts::launch_mounts;
use super::record::Record;
use super::run::Run;
use super::spec::{Surroundings, container_spec, pid_donor};
use super::state::Status;
use super::streams::{open_stdio, watch_streams};
use crate::core::Core;
use crate::error::{Error, Result};
use crate::health::{HealthSettings, HealthStatus, Machine};
use crate::network::connector::dns_settings;
use crate::network::sandbox::Sandbox;
use crate::process::{LaunchError, Process};

/// Starts a container that has no process. The caller holds its operation lock.
///
/// # Errors
/// Docker's text for what could not be done; nothing of the start is left then, and the state shows why.
pub async fn launch(core: &Arc<Core>, container: &Arc<Container>) -> Result<()> {
    let result = try_launch(core, container).await;
    if let Err(error) = &result {
        let exit_code = if let Error::Start { exit_code, .. } = error { *exit_code } else { 128 };
        container.update_state(|state| {
            // A failed start ends a loop of restarts (contract 5.6).
            state.status = if state.started_at.is_some() { Status::Exited } else { Status::Created };
            state.exit_code = exit_code;
            state.error = error.message();
            state.networks.clear();
            state.ports.clear();
        });
    }
    result
}

async fn try_launch(core: &Arc<Core>, container: &Arc<Container>) -> Result<()> {
    let record = container.record();
    let run_directory = container.run_directory();
    // For root alone: the streams in it belong to the container's user, who may be somebody on the host too.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(run_directory);
    made.map_err(Error::io("make", run_directory))?;
    let mounts = launch_mounts(&record.mounts, core)?;
    let image = core.images.get(&record.image_id)?;
    let lower: Vec<PathBuf> =
        std::iter::once(core.init_layer.clone()).chain(image.layers.iter().cloned()).collect();
    let pid_donor = pid_donor(&record, |id| core.containers.get(id))?;
    let ipc = ipc::prepare(core, container, &record)?;
    let network = Network::open(core, container, &record).await.inspect_err(|_| ipc::release(container))?;
    let surroundings = Surroundings {
        apparmor: &core.apparmor,
        rootfs: core.paths.rootfs(),
        ipc,
        cgroup_parent: &core.paths.name(),
        lower,
        mounts,
        hostname: network.hostname.clone(),
        files: network.files.clone(),
        pid_donor,
    };
    let launched = async {
        let spec = container_spec(container, surroundings)?;
        core.apparmor.ensure_loaded(spec.process.apparmor.as_deref())?;
        let started = execute(core, container, &spec, network.namespace()?).await?;
        Ok((spec, started))
    };
    match launched.await {
        Ok((spec, (process, ends))) => {
            let sandbox = network.sandbox.clone();
            begin(core, container, &spec, process, ends, network.sandbox)?;
            if let Some(sandbox) = sandbox {
                core.connector.rebalance(core, &sandbox).await;
            }
            Ok(())
        }
        Err(error) => {
            network.close(core, &record).await;
            ipc::release(container);
            Err(error)
        }
    }
}

/// Where a container's network comes from.
struct Network {
    hostname: String,
    files: PathBuf,
    sandbox: Option<Arc<Sandbox>>,
    donor: Option<OwnedFd>,
}

impl Network {
    async fn open(core: &Arc<Core>, container: &Arc<Container>, record: &Arc<Record>) -> Result<Network> {
        if let Some(donor) = record.host_config.network_mode.strip_prefix("container:") {
            return Network::join(core, donor);
        }
        let hostname = files::hostname(record);
        let sandbox = core.connector.open(core, record, &hostname).await?;
        let written = write_files(core, container, &hostname, sandbox.as_ref());
        let network =
            Network { hostname, files: container.run_directory().to_path_buf(), sandbox, donor: None };
        match written {
            Ok(()) => Ok(network),
            Err(error) => {
                network.close(core, record).await;
                Err(error)
            }
        }
    }

    /// Contract 1.2.2: the joiner has the donor's name and files.
    fn join(core: &Core, donor: &str) -> Result<Network> {
        let donor = core.containers.get(donor)?;
        let missing =
            || Error::Conflict(format!("cannot join network of a non running container: {}", donor.id()));
        let run = donor.run().ok_or_else(missing)?;
        let path = format!("/proc/{}/ns/net", run.identity.pid);
        let namespace = std::fs::File::open(&path).map_err(Error::io("open", &path))?;
        if !run.identity.is_alive() {
            return Err(missing());
        }
        Ok(Network {
            hostname: files::hostname(&donor.record()),
            files: donor.run_directory().to_path_buf(),
            sandbox: None,
            donor: Some(namespace.into()),
        })
    }

    fn namespace(&self) -> Result<Option<OwnedFd>> {
        let namespace = self.sandbox.as_ref().map(|sandbox| sandbox.namespace()).or(self.donor.as_ref());
        namespace.map(OwnedFd::try_clone).transpose().map_err(Error::io("copy", "a network namespace"))
    }

    async fn close(self, core: &Arc<Core>, record: &Record) {
        if let Some(sandbox) = self.sandbox {
            core.connector.close(core, record, &sandbox).await;
        }
    }
}

/// Writes the files that say what a container's network is.
///
/// # Errors
/// One cannot be written.
pub fn write_files(
    core: &Core,
    container: &Container,
    hostname: &str,
    sandbox: Option<&Arc<Sandbox>>,
) -> Result<()> {
    let record = container.record();
    let endpoints: Vec<_> =
        sandbox.iter().flat_map(|sandbox| sandbox.networks(&record).into_values()).collect();
    let resolv_conf = match sandbox {
        Some(sandbox) => sandbox.resolv_conf(),
        None => hosts_resolv_conf(&record)?,
    };
    let host_gateway = core.connector.host_gateway();
    let surroundings =
        files::Surroundings { hostname, endpoints: &endpoints, host_gateway, resolv_conf: &resolv_conf };
    files::write(container, &record, &surroundings)
}

/// On the host's network: the host's file as it is, or with the container's settings in place (contract 1.2.9, 1.2.10).
fn hosts_resolv_conf(record: &Record) -> Result<String> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let settings = dns_settings(record)?;
    if settings == DnsSettings::default() {
        return Ok(text);
    }
    Ok(ResolvConf::parse(&text).with(&settings).text())
}

/// Has the monitor execute the process; gives the engine's ends of its streams.
async fn execute(
    core: &Core,
    container: &Container,
    spec: &ContainerSpec,
    namespace: Option<OwnedFd>,
) -> Result<(Process, ParentStdio)> {
    let (child, ends) =
        open_stdio(container, spec).map_err(Error::io("make the streams in", container.run_directory()))?;
    let kept = ends.try_clone().map_err(Error::io("copy the streams of", container.id()))?;
    let launched = core.processes.launch(spec, child, kept, namespace).await;
    match launched {
        Ok(process) => Ok((process, ends)),
        Err(error) => {
            discard_cgroup(core, spec);
            Err(start_error(error))
        }
    }
}

fn discard_cgroup(core: &Core, spec: &ContainerSpec) {
    let cgroup = Cgroup::open(&core.hierarchies, &spec.cgroup.parent, &spec.cgroup.name);
    if let Err(error) = cgroup.and_then(|cgroup| cgroup.remove()) {
        tracing::warn!(%error, "the cgroup of a failed start is left");
    }
}

/// Docker's text for a process that could not be executed (contract 1.11.5).
pub fn start_error(error: LaunchError) -> Error {
    let exit_code = error.exit_code();
    if error.stage() == Some(Stage::User) {
        return Error::Start { message: error.to_string(), exit_code };
    }
    let unable = matches!(error.stage(), Some(Stage::Execute | Stage::WorkingDirectory));
    let prefix = if unable { "unable to start container process: " } else { "" };
    Error::Start { message: format!("failed to create task for container: {prefix}{error}"), exit_code }
}

/// The process runs: everything that looks after it begins.
fn begin(
    core: &Arc<Core>,
    container: &Arc<Container>,
    spec: &ContainerSpec,
    process: Process,
    ends: ParentStdio,
    sandbox: Option<Arc<Sandbox>>,
) -> Result<()> {
    let started_at = Timestamp::now();
    let record = container.record();
    let settings = HealthSettings::of(&record.config);
    let networks = sandbox.as_ref().map(|sandbox| sandbox.networks(&record)).unwrap_or_default();
    let ports = sandbox.as_ref().map(|sandbox| sandbox.ports(&record)).unwrap_or_default();
    container.update_state(|state| {
        state.status = Status::Running;
        state.process = Some(process.identity.clone());
        state.started_at = Some(started_at);
        state.finished_at = None;
        state.exit_code = 0;
        state.error = String::new();
        state.oom_killed = false;
        state.interrupted = false;
        state.health = settings.is_some().then_some(HealthStatus::Starting);
        state.networks = networks;
        state.ports = ports;
    });
    let machine = settings.as_ref().map(|_| Machine::default());
    let (template, cgroup) = (spec.process.clone(), spec.cgroup.clone());
    resume(core, container, Resumed { template, cgroup, process, ends, sandbox, started_at, machine })?;
    container.publish(&core.events, "start", &[]);
    Ok(())
}

/// A running process and what belongs to it, after a start or from an engine before this one.
pub struct Resumed {
    /// How it was launched: the template of execs.
    pub template: wharf_container::spec::Process,
    /// Its cgroup.
    pub cgroup: wharf_container::spec::CgroupSpec,
    /// The process.
    pub process: Process,
    /// The engine's ends of its streams.
    pub ends: ParentStdio,
    /// Its network.
    pub sandbox: Option<Arc<Sandbox>>,
    /// When it began.
    pub started_at: Timestamp,
    /// Its health.
    pub machine: Option<Machine>,
}

/// Looks after a running process: output, input, health, end.
///
/// # Errors
/// Its streams cannot be watched.
pub fn resume(core: &Arc<Core>, container: &Arc<Container>, resumed: Resumed) -> Result<()> {
    let Resumed { template, cgroup: cgroup_spec, mut process, ends, sandbox, started_at, machine } = resumed;
    let failed = Error::io("watch the streams of", container.id());
    let captures = watch_streams(core, container, process.terminal.as_ref(), ends).map_err(failed)?;
    let cgroup = Cgroup::open(&core.hierarchies, &cgroup_spec.parent, &cgroup_spec.name)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let age = Timestamp::now().duration_since(started_at).try_into().unwrap_or_default();
    let run = Arc::new(Run {
        identity: process.identity,
        pidfd: process.pidfd.take(),
        terminal: process.terminal.take(),
        cgroup,
        cgroup_spec,
        process: template,
        sandbox,
        started_at,
        started: Instant::now().checked_sub(age).unwrap_or_else(Instant::now),
        health: Mutex::new(machine),
        listens: AtomicBool::new(false),
        prober: Mutex::default(),
    });
    container.set_run(Some(run.clone()));
    begin_probing(core, container, &run);
    tokio::spawn(supervise(core.clone(), container.clone(), run, process.exited, captures));
    Ok(())
}
