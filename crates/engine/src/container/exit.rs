//! The end of a run: what it leaves is tidied up, the state says how it ended, and a restart policy may begin a new one.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use tokio::sync::oneshot;
use wharf_container::process::ExitStatus;

use super::instance::Container;
use super::ipc;
use super::remove::remove_now;
use super::restart;
use super::run::Run;
use super::start::launch;
use super::state::Status;
use super::streams::Captures;
use super::streams::remove_streams;
use crate::core::Core;

/// How long the output of a process that has ended may still come: a process that it left behind may hold the streams.
const DRAIN: Duration = Duration::from_secs(2);

/// Waits for the end of a process and handles it.
pub async fn supervise(
    core: Arc<Core>,
    container: Arc<Container>,
    run: Arc<Run>,
    exited: oneshot::Receiver<ExitStatus>,
    captures: Captures,
) {
    // Without an answer the monitor is gone, and this worker ends with it: the next engine adopts the container.
    if let Ok(status) = exited.await {
        ended(&core, &container, run, status.docker_code(), captures).await;
    }
}

async fn ended(
    core: &Arc<Core>,
    container: &Arc<Container>,
    run: Arc<Run>,
    exit_code: i32,
    captures: Captures,
) {
    run.stop_probing();
    let oom_killed = run.cgroup.memory_events().oom_kills > 0;
    drain(captures).await;
    release(core, container, &run).await;
    let restart_after = decide(core, container, &run, exit_code);
    let took = run.started.elapsed();
    container.remember_health(run.health_report());
    container.set_run(None);
    container.update_state(|state| {
        state.status = if restart_after.is_some() { Status::Restarting } else { Status::Exited };
        state.exit_code = exit_code;
        state.oom_killed = oom_killed;
        state.finished_at = Some(Timestamp::now());
        state.process = None;
        state.ports.clear();
        state.restart_count += u64::from(restart_after.is_some());
    });
    if let Err(error) = core.processes.forget(container.id()) {
        tracing::warn!(%error, "the monitor cannot be told that the end of a container is recorded");
    }
    if oom_killed {
        container.publish(&core.events, "oom", &[]);
    }
    let (code, seconds) = (exit_code.to_string(), took.as_secs().to_string());
    container.publish(&core.events, "die", &[("execDuration", &seconds), ("exitCode", &code)]);
    container.announce_exit();
    match restart_after {
        Some(delay) => schedule_restart(core, container, delay),
        None => finish(core, container).await,
    }
}

async fn drain(captures: Captures) {
    let aborts: Vec<_> = captures.iter().map(tokio::task::JoinHandle::abort_handle).collect();
    if tokio::time::timeout(DRAIN, join_all(captures)).await.is_err() {
        aborts.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

/// Gives back what a run holds of the host.
async fn release(core: &Arc<Core>, container: &Container, run: &Run) {
    if let Some(sandbox) = &run.sandbox {
        core.connector.close(core, &container.record(), sandbox).await;
    }
    // A process in a shared PID namespace may outlive the first one.
    let killed = if container.record().host_config.pid_mode.is_empty() { Ok(()) } else { run.cgroup.kill() };
    if let Err(error) = killed.and_then(|()| run.cgroup.remove()) {
        tracing::warn!(container = container.id(), %error, "a cgroup is left");
    }
    ipc::release(container);
    remove_streams(container);
}

/// The delay before a restart; `None` when there is none.
fn decide(core: &Core, container: &Container, run: &Run, exit_code: i32) -> Option<Duration> {
    let state = container.state();
    let policy = &container.record().host_config.restart_policy;
    let wanted = restart::after_exit(policy, exit_code, state.restart_count);
    if !wanted || state.manually_stopped || core.is_ending() {
        return None;
    }
    let mut back_off = container.back_off.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Some(back_off.after(run.started.elapsed()))
}

/// Starts the container again after `delay`, unless somebody stops, starts or removes it meanwhile.
pub fn schedule_restart(core: &Arc<Core>, container: &Arc<Container>, delay: Duration) {
    let (core, container) = (core.clone(), container.clone());
    tokio::spawn(async move {
        let mut phase = container.phase();
        let given_up = phase.wait_for(|phase| !phase.running || phase.removed);
        if tokio::time::timeout(delay, given_up).await.is_ok() {
            return;
        }
        let _operation = container.operation.lock().await;
        if container.status() != Status::Restarting || core.is_ending() {
            return;
        }
        if let Err(error) = launch(&core, &container).await {
            tracing::warn!(container = container.id(), error = error.message(), "a restart failed");
            finish(&core, &container).await;
        }
    });
}

/// The container stays ended, or did not start: clients hear of it, and one that asked for it goes away.
pub async fn finish(core: &Arc<Core>, container: &Arc<Container>) {
    container.clients.close();
    for mount in &container.record().mounts {
        put_away(core, &mount.volume);
    }
    if container.record().host_config.auto_remove && !core.is_ending() {
        let (core, container) = (core.clone(), container.clone());
        // In a task of its own: whoever stops the container holds its operation lock until it has seen the end.
        tokio::spawn(async move {
            let _operation = container.operation.lock().await;
            if let Err(error) = remove_now(&core, &container, true).await {
                tracing::warn!(
                    container = container.id(),
                    error = error.message(),
                    "cannot remove a container"
                );
            }
        });
    }
}

/// Ends the mount behind a volume when its last user has ended.
fn put_away(core: &Core, volume: &str) {
    let in_use = || core.containers.users_of_volume(volume).iter().any(|user| user.status().has_process());
    if volume.is_empty() || in_use() {
        return;
    }
    if let Err(error) = core.volumes.put_away(volume) {
        tracing::warn!(volume, error = error.message(), "the mount behind a volume is left");
    }
}
