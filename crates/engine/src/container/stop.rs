//! Stopping, killing, pausing (contract 1.11).

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use wharf_container::signal;

use super::drain::drain;
use super::instance::Container;
use super::requests::StopOptions;
use super::run::Run;
use super::state::Status;
use crate::core::Core;
use crate::error::{Error, Result};

/// Until SIGKILL, when nobody says otherwise.
const GRACE: Duration = Duration::from_secs(10);
/// After SIGKILL, until the process is given up.
const AFTER_KILL: Duration = Duration::from_secs(10);
/// Until SIGKILL when the first signal could not be sent.
const UNREACHABLE: Duration = Duration::from_secs(2);
const SIGKILL: i32 = 9;

/// Stops a container. The caller holds its operation lock. False when it did not run.
///
/// # Errors
/// An unknown signal, or a process that cannot be killed.
pub async fn stop(core: &Arc<Core>, container: &Arc<Container>, options: &StopOptions) -> Result<bool> {
    let record = container.record();
    let name = options.signal.as_deref().unwrap_or(record.stop_signal());
    let number = parse_signal(name)?;
    let grace = options.timeout.or(record.config.stop_timeout);
    if end_waiting_restart(container) {
        container.publish(&core.events, "stop", &[]);
        return Ok(true);
    }
    let Some(run) = container.run() else { return Ok(false) };
    let ending = core.is_ending();
    container.update_state(|state| (state.manually_stopped, state.interrupted) = (!ending, ending));
    leave(core, &run).await;
    let limit = allowed(grace).unwrap_or(Duration::MAX);
    drain(core, container, &run, limit).await;
    end(core, container, &run, number, grace).await?;
    container.publish(&core.events, "stop", &[]);
    Ok(true)
}

/// A container that waits for its restart is stopped by forgetting the restart (contract 5.4).
fn end_waiting_restart(container: &Container) -> bool {
    container.update_state(|state| {
        let waits = state.status == Status::Restarting;
        if waits {
            state.status = Status::Exited;
            state.manually_stopped = true;
        }
        waits
    })
}

/// No new connections before the signal: what still comes would be lost.
async fn leave(core: &Arc<Core>, run: &Run) {
    if let Some(sandbox) = &run.sandbox {
        core.connector.leave_balancing(core, sandbox).await;
    }
}

async fn end(
    core: &Core,
    container: &Arc<Container>,
    run: &Run,
    number: i32,
    grace: Option<i64>,
) -> Result<()> {
    let sent = run.signal(number);
    thaw_and_tell(core, container, run)?;
    publish_kill(core, container, number);
    let wait = match (grace, &sent) {
        (_, Err(_)) => Some(UNREACHABLE),
        (grace, _) => allowed(grace),
    };
    if ended_within(container, wait).await {
        return Ok(());
    }
    publish_kill(core, container, SIGKILL);
    kill_all(container, run)?;
    if ended_within(container, Some(AFTER_KILL)).await {
        return Ok(());
    }
    let id = container.id();
    Err(Error::Internal(format!("container {id} PID {} is zombie and can not be killed", run.identity.pid)))
}

/// The grace period; `None` (a negative number of seconds) is for ever.
fn allowed(grace: Option<i64>) -> Option<Duration> {
    match grace {
        Some(seconds) => u64::try_from(seconds).ok().map(Duration::from_secs),
        None => Some(GRACE),
    }
}

fn publish_kill(core: &Core, container: &Container, number: i32) {
    container.publish(&core.events, "kill", &[("signal", &number.to_string())]);
}

/// True when no process exists any more; `None` waits for ever.
async fn ended_within(container: &Container, wait: Option<Duration>) -> bool {
    let mut phase = container.phase();
    let ended = async {
        // The container itself holds the sender, so this ends only with the condition.
        let _ = phase.wait_for(|phase| !phase.running || phase.removed).await;
    };
    match wait {
        None => {
            ended.await;
            true
        }
        Some(wait) => tokio::time::timeout(wait, ended).await.is_ok(),
    }
}

/// SIGKILL for everything in the container (contract 1.11.2).
fn kill_all(container: &Container, run: &Run) -> Result<()> {
    run.signal(SIGKILL)?;
    thaw_if_paused(container, run)?;
    let shares = !container.record().host_config.pid_mode.is_empty();
    if shares { run.cgroup.kill().map_err(internal) } else { Ok(()) }
}

/// A frozen process handles no signal (contract 1.11.4). True when it was frozen.
fn thaw_if_paused(container: &Container, run: &Run) -> Result<bool> {
    let was_paused = container.update_state(|state| {
        let paused = state.status == Status::Paused;
        if paused {
            state.status = Status::Running;
        }
        paused
    });
    if was_paused {
        run.cgroup.thaw().map_err(internal)?;
    }
    Ok(was_paused)
}

fn thaw_and_tell(core: &Core, container: &Container, run: &Run) -> Result<()> {
    if thaw_if_paused(container, run)? {
        container.publish(&core.events, "unpause", &[]);
    }
    Ok(())
}

fn internal(error: wharf_container::cgroup::CgroupError) -> Error {
    Error::Internal(format!("{error}: {}", error.source))
}

/// A signal by name or number; 0 is none.
///
/// # Errors
/// Docker's text.
pub fn parse_signal(text: &str) -> Result<i32> {
    let invalid = || Error::BadParameter(format!("invalid signal: {text}"));
    signal::parse(text).filter(|number| *number > 0).ok_or_else(invalid)
}

/// Sends a signal to a container. One that asks for its end is for keeps: no restart policy brings it back, and a paused container
/// is thawed, to hear it.
///
/// # Errors
/// It does not run, or the signal is unknown.
pub async fn kill(core: &Arc<Core>, container: &Arc<Container>, signal: Option<&str>) -> Result<()> {
    let number = parse_signal(signal.unwrap_or("KILL"))?;
    if number == SIGKILL && end_waiting_restart(container) {
        return Ok(());
    }
    let missing = || {
        Error::Conflict(format!(
            "cannot kill container: {}: container {} is not running",
            container.name(),
            container.id()
        ))
    };
    let run = container.run().ok_or_else(missing)?;
    let asks_for_end = asks_for_end(number, &container.record().config.stop_signal)?;
    if asks_for_end {
        container.update_state(|state| state.manually_stopped = true);
        leave(core, &run).await;
    }
    if number == SIGKILL {
        kill_all(container, &run)?;
    } else {
        run.signal(number)?;
    }
    if asks_for_end {
        thaw_and_tell(core, container, &run)?;
    }
    publish_kill(core, container, number);
    if number == SIGKILL && !ended_within(container, Some(AFTER_KILL)).await {
        return Err(Error::Internal(format!("container {} cannot be killed", container.id())));
    }
    Ok(())
}

/// Which signals end a restart policy (contract 1.11.3): SIGKILL and the stop signal that was chosen; where none was, all but
/// those that by custom tell a service something. On Docker those end the policy too, so that a service that was told to reload
/// its configuration or to open its log files anew would not come back from its next crash.
fn asks_for_end(number: i32, stop_signal: &str) -> Result<bool> {
    const TELLING: [Signal; 5] = [Signal::HUP, Signal::USR1, Signal::USR2, Signal::WINCH, Signal::CONT];
    if number == SIGKILL {
        return Ok(true);
    }
    if !stop_signal.is_empty() {
        return Ok(number == parse_signal(stop_signal)?);
    }
    Ok(TELLING.iter().all(|signal| signal.as_raw() != number))
}

/// Freezes a container.
///
/// # Errors
/// It does not run, or is paused or restarting (409).
pub fn pause(core: &Core, container: &Container) -> Result<()> {
    let run = container.run();
    match (container.status(), run) {
        (Status::Running, Some(run)) => {
            run.cgroup.freeze().map_err(internal)?;
            run.stop_probing();
            container.update_state(|state| state.status = Status::Paused);
            container.publish(&core.events, "pause", &[]);
            Ok(())
        }
        (Status::Paused, _) => {
            Err(Error::Conflict(format!("container {} is already paused", container.id())))
        }
        (Status::Restarting, _) => Err(restarting(container)),
        _ => Err(Error::NotRunning(container.id().to_owned())),
    }
}

/// Thaws a container.
///
/// # Errors
/// It is not paused (409).
pub fn unpause(core: &Arc<Core>, container: &Arc<Container>) -> Result<()> {
    let run = container.running()?;
    if container.status() != Status::Paused {
        return Err(Error::Conflict(format!("container {} is not paused", container.id())));
    }
    thaw_and_tell(core, container, &run)?;
    super::health::begin_probing(core, container, &run);
    Ok(())
}

/// Docker's refusal while a container waits for its restart.
pub fn restarting(container: &Container) -> Error {
    Error::Conflict(format!(
        "Container {} is restarting, wait until the container is running",
        container.id()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_that_tell_something_do_not_end_the_restart_policy() {
        let ends =
            |name: &str, stop_signal: &str| asks_for_end(parse_signal(name).unwrap(), stop_signal).unwrap();
        for name in ["KILL", "TERM", "INT", "QUIT", "ABRT"] {
            assert!(ends(name, ""), "{name}");
        }
        for name in ["HUP", "USR1", "USR2", "WINCH", "CONT"] {
            assert!(!ends(name, ""), "{name}");
        }
        assert!(ends("HUP", "SIGHUP") && ends("KILL", "SIGHUP") && !ends("TERM", "SIGHUP"));
    }
}
