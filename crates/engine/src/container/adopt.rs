//! Containers from before this worker: those that run go on, those that ended meanwhile are settled, and those whose restart
//! policy says so come back (contract 5.5).

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;
use wharf_container::cgroup::Cgroup;
use wharf_container::process::{ExitStatus, Identity, Pidfd};
use wharf_container::stdio::{ParentStdio, open_fifo};

use super::exit::schedule_restart;
use super::instance::Container;
use super::remove::remove_now;
use super::start::{Resumed, resume};
use super::state::Status;
use super::streams::remove_streams;
use super::{restart, spec};
use crate::core::Core;
use crate::disk;
use crate::error::{Error, Result};
use crate::health::{HealthSettings, Machine};
use crate::process::{Adoption, Process};

/// The exit code of a process whose end nobody saw (contract 1.11.5).
const UNSEEN: i32 = 255;

/// Takes over what runs and settles what does not.
pub async fn adopt(core: &Arc<Core>, mut adoption: Adoption) {
    let rebooted = note_boot(core);
    let held = std::mem::take(&mut adoption.held);
    core.connector.prepare_adoption(held, |id| runs(core, &adoption, id));
    for container in core.containers.all() {
        let kept = adoption.processes.remove(container.id());
        let kept = kept.map(|adopted| (adopted.process, adopted.stdio));
        let found = kept.or_else(|| orphan(&container));
        if let Err(error) = settle(core, &container, found, rebooted).await {
            tracing::error!(
                container = container.id(),
                error = error.message(),
                "cannot take over a container"
            );
        }
    }
    // What is left belongs to nobody any more: probes, execs and build steps of a worker that died.
    for (id, adopted) in adoption.processes {
        if let Some(pidfd) = adopted.process.pidfd {
            // It may just have ended.
            let _ = pidfd.send_signal(9);
        }
        let _ = core.processes.forget(&id);
    }
    core.connector.finish_adoption(core).await;
}

fn runs(core: &Core, adoption: &Adoption, id: &str) -> bool {
    let process = |container: &Container| container.state().process.is_some_and(|process| process.is_alive());
    adoption.processes.contains_key(id) || core.containers.get(id).is_ok_and(|container| process(&container))
}

/// Remembers this boot; true when the host has been booted since the engine last ran.
fn note_boot(core: &Core) -> bool {
    let path = core.paths.root().join("boot.json");
    let Ok(own) = Identity::of(rustix::process::getpid().as_raw_nonzero().get()) else { return false };
    let before: Option<String> = disk::load::<Boot>(&path).ok().flatten().map(|boot| boot.boot_id);
    if let Err(error) = disk::save(&path, &Boot { boot_id: own.boot_id.clone() }) {
        tracing::warn!(error = error.message(), "this boot cannot be remembered");
    }
    before.is_some_and(|before| before != own.boot_id)
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Boot {
    boot_id: String,
}

async fn settle(
    core: &Arc<Core>,
    container: &Arc<Container>,
    found: Option<(Process, ParentStdio)>,
    rebooted: bool,
) -> Result<()> {
    let state = container.state();
    match found {
        Some((process, ends)) => take_over(core, container, process, ends).await,
        None if state.status.has_process() => {
            lost(core, container);
            if container.record().host_config.auto_remove {
                return remove_now(core, container, true).await;
            }
            come_back(core, container, true);
            Ok(())
        }
        // It ended with the engine before this one.
        None if state.status == Status::Exited && container.record().host_config.auto_remove => {
            remove_now(core, container, true).await
        }
        None => {
            let interrupted = state.interrupted || state.status == Status::Restarting;
            if interrupted || (rebooted && state.started_at.is_some()) {
                come_back(core, container, interrupted);
            }
            Ok(())
        }
    }
}

async fn take_over(
    core: &Arc<Core>,
    container: &Arc<Container>,
    process: Process,
    ends: ParentStdio,
) -> Result<()> {
    let state = container.state();
    let record = container.record();
    let hostname = super::files::hostname(&record);
    let sandbox = core.connector.reattach(core, &record, &process.identity, &state, &hostname).await?;
    let machine =
        HealthSettings::of(&record.config).map(|_| Machine::resumed(state.health.unwrap_or_default()));
    let security = super::security::SecurityOptions::parse(&record.host_config)?;
    // A start that was not recorded before the worker died is recorded now.
    container.update_state(|state| {
        state.process = Some(process.identity.clone());
        if !state.status.has_process() {
            state.status = Status::Running;
            state.started_at.get_or_insert_with(Timestamp::now);
        }
    });
    let resumed = Resumed {
        template: spec::process(&record, &security, &core.apparmor, &hostname),
        cgroup: spec::cgroup(&core.paths.name(), &record)?,
        process,
        ends,
        sandbox,
        started_at: state.started_at.unwrap_or_else(Timestamp::now),
        machine,
    };
    resume(core, container, resumed)
}

/// A process that runs without its monitor: its streams are named pipes in the container's directory.
fn orphan(container: &Container) -> Option<(Process, ParentStdio)> {
    let identity = container.state().process?;
    let pidfd = identity.open().ok()?;
    let end = |name: &str| open_fifo(&container.run_path(name)).ok();
    let ends = ParentStdio { stdin: None, stdout: end("stdout"), stderr: end("stderr") };
    let exited = watch_orphan(&pidfd).ok()?;
    let id = container.id().to_owned();
    Some((Process { id, identity, pidfd: Some(pidfd), terminal: None, exited }, ends))
}

/// Nobody reaps an orphan for this engine: the kernel tells that it ended, and on new kernels how (Linux 6.15).
fn watch_orphan(pidfd: &Pidfd) -> Result<oneshot::Receiver<ExitStatus>> {
    use std::os::fd::AsFd;
    let failed = |error| Error::io("watch", "an orphaned process")(error);
    let copy: OwnedFd = pidfd.as_fd().try_clone_to_owned().map_err(failed)?;
    let status: Pidfd = pidfd.as_fd().try_clone_to_owned().map_err(failed)?.into();
    // A descriptor of a process becomes readable when the process ends; that is all that is asked of it here.
    let readable = pipe::Receiver::from_file_unchecked(File::from(copy)).map_err(failed)?;
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        if readable.readable().await.is_ok() {
            let status = tokio::task::spawn_blocking(move || status_of(&status)).await;
            // The container may have been removed meanwhile.
            let _ = sender.send(status.unwrap_or(ExitStatus::Code(UNSEEN)));
        }
    });
    Ok(receiver)
}

/// The kernel tells how a process ended once its new parent has reaped it, which a descriptor shows as a hang-up.
fn status_of(pidfd: &Pidfd) -> ExitStatus {
    let patience = rustix::event::Timespec { tv_sec: 2, tv_nsec: 0 };
    // Whether or not it was reaped in time: what the kernel does not tell is unseen.
    let _ = poll(&mut [PollFd::new(pidfd, PollFlags::empty())], Some(&patience));
    pidfd.exit_status().ok().flatten().unwrap_or(ExitStatus::Code(UNSEEN))
}

/// The container ended while no engine ran.
fn lost(core: &Core, container: &Container) {
    container.update_state(|state| {
        state.status = Status::Exited;
        state.exit_code = UNSEEN;
        state.finished_at = Some(Timestamp::now());
        state.process = None;
        state.networks.clear();
        state.ports.clear();
    });
    let cgroup = spec::cgroup(&core.paths.name(), &container.record())
        .and_then(|spec| cgroup_of(core, &spec.parent, &spec.name));
    if let Ok(cgroup) = cgroup {
        // Another boot has another tree; then there is nothing to remove.
        let _ = cgroup.kill().and_then(|()| cgroup.remove());
    }
    super::ipc::release(container);
    remove_streams(container);
}

fn cgroup_of(core: &Core, parent: &str, name: &str) -> Result<Cgroup> {
    Cgroup::open(&core.hierarchies, parent, name).map_err(|error| Error::Internal(error.to_string()))
}

/// Starts the container if its policy says so. `interrupted`: it would run now if the engine had not ended.
fn come_back(core: &Arc<Core>, container: &Arc<Container>, interrupted: bool) {
    let (record, state) = (container.record(), container.state());
    let policy = &record.host_config.restart_policy;
    let by_hand = state.manually_stopped && !interrupted;
    if restart::after_boot(policy, state.exit_code, by_hand, state.restart_count) {
        container.update_state(|state| {
            state.status = Status::Restarting;
            state.interrupted = false;
            state.manually_stopped = false;
        });
        schedule_restart(core, container, Duration::ZERO);
    } else if state.status == Status::Restarting {
        container.update_state(|state| state.status = Status::Exited);
    }
}
