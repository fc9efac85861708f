//! Waiting until containers are ready: look, then sleep until an event says to look again.

use std::time::Duration;

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, HealthStatusEnum,
};
use bollard::query_parameters::InspectContainerOptions;
use jiff::Timestamp;
use tokio::sync::broadcast;

use super::waiting::Waiting;
use super::{ContainerChange, ContainerEvents, Runner, StepError};
use crate::plan::step::{ContainerTarget, Readiness, Reason};

/// How often what a reader sees of a wait is looked up again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A container without a health check is ready for `--wait` once it ran this long: one that fails as it begins is told of.
const SETTLED: Duration = Duration::from_millis(500);

/// What one look at a container tells.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Ready,
    NotYet,
    /// It will not become ready, and why.
    Never(String),
    /// It ended with this code, which is not 0.
    Ended(i64),
}

/// Waits until `containers` of `service` are as `until` asks.
pub(super) async fn wait(
    runner: &Runner,
    events: &ContainerEvents,
    until: Readiness,
    containers: &[ContainerTarget],
    (service, reason): (&str, &Reason),
) -> Result<(), StepError> {
    let one = |target| {
        let waiting = Waiting::new(runner, target, until, service, reason);
        container(runner, events, until, service, waiting)
    };
    let all = async {
        if until == Readiness::Completed {
            // The first replica that ends decides (compose-surface 3.8).
            let first = containers.iter().map(|target| Box::pin(one(target)));
            return futures::future::select_all(first).await.0;
        }
        let each = containers.iter().map(one);
        futures::future::try_join_all(each).await.map(|_| ())
    };
    match runner.wait_timeout {
        Some(limit) if until == Readiness::Ready => {
            tokio::time::timeout(limit, all).await.unwrap_or(Err(StepError::WaitTimeout(limit.as_secs())))
        }
        _ => all.await,
    }
}

async fn container(
    runner: &Runner,
    events: &ContainerEvents,
    until: Readiness,
    service: &str,
    mut waiting: Waiting<'_>,
) -> Result<(), StepError> {
    let target = waiting.target;
    let mut changes = events.receive();
    loop {
        let inspected = inspect(runner, target).await?;
        let state = inspected.state.unwrap_or_default();
        match judge(until, &target.name, &state) {
            Verdict::Ready => match settles_in(until, &state, Timestamp::now()) {
                None => return Ok(()),
                Some(rest) => {
                    let change = next_change(&mut changes, target, inspected.id.as_deref());
                    tokio::time::timeout(rest, change).await.unwrap_or(Ok(()))?;
                }
            },
            Verdict::NotYet => {
                waiting.tell(&state, retries(inspected.config.as_ref()));
                let change = next_change(&mut changes, target, inspected.id.as_deref());
                // Only for the reader: a probe that fails raises no event.
                tokio::time::timeout(LOOK_AGAIN, change).await.unwrap_or(Ok(()))?;
            }
            Verdict::Never(why) if until == Readiness::Ready => return Err(StepError::NotReady(why)),
            Verdict::Never(why) => return Err(StepError::Dependency(why)),
            Verdict::Ended(code) => return Err(StepError::Completion { service: service.to_owned(), code }),
        }
    }
}

fn retries(config: Option<&ContainerConfig>) -> i64 {
    let check = config.and_then(|config| config.healthcheck.as_ref());
    check.and_then(|check| check.retries).unwrap_or(0)
}

pub(super) async fn inspect(
    runner: &Runner,
    target: &ContainerTarget,
) -> Result<ContainerInspectResponse, StepError> {
    let answer = runner.engine.docker().inspect_container(&target.id, None::<InspectContainerOptions>).await;
    answer.map_err(|error| StepError::call(format!("inspect container {}", target.name), &error))
}

/// Returns when something happens to the container that may matter.
pub(super) async fn next_change(
    changes: &mut broadcast::Receiver<ContainerChange>,
    target: &ContainerTarget,
    id: Option<&str>,
) -> Result<(), StepError> {
    loop {
        match changes.recv().await {
            Ok(change) if Some(change.id.as_str()) == id || change.name == target.name => {
                if !change.action.starts_with("exec_") {
                    return Ok(());
                }
            }
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return Ok(()),
            Err(broadcast::error::RecvError::Closed) => {
                return Err(StepError::NotReady("the engine is gone".to_owned()));
            }
        }
    }
}

fn judge(until: Readiness, name: &str, state: &ContainerState) -> Verdict {
    use ContainerStateStatusEnum as S;
    let code = state.exit_code.unwrap_or(0);
    match state.status {
        Some(S::EXITED | S::DEAD | S::REMOVING) => ended(until, name, code),
        Some(S::RUNNING | S::PAUSED | S::STOPPING) if until != Readiness::Completed => {
            judge_health(until, name, state)
        }
        _ => Verdict::NotYet,
    }
}

fn ended(until: Readiness, name: &str, code: i64) -> Verdict {
    match until {
        Readiness::Completed | Readiness::Ready if code == 0 => Verdict::Ready,
        Readiness::Completed => Verdict::Ended(code),
        Readiness::Ready | Readiness::Healthy => Verdict::Never(format!("container {name} exited ({code})")),
    }
}

fn judge_health(until: Readiness, name: &str, state: &ContainerState) -> Verdict {
    let health = state.health.as_ref();
    match health.and_then(|health| health.status) {
        Some(HealthStatusEnum::HEALTHY) => Verdict::Ready,
        Some(HealthStatusEnum::STARTING) => Verdict::NotYet,
        Some(HealthStatusEnum::UNHEALTHY) => {
            Verdict::Never(format!("container {name} is unhealthy{}", last_probe(health)))
        }
        _ if until == Readiness::Ready => Verdict::Ready,
        _ => Verdict::Never(format!("container {name} has no healthcheck configured")),
    }
}

/// What the last failed probe printed, which is usually the reason.
pub(super) fn last_probe(health: Option<&bollard::models::Health>) -> String {
    let log = health.and_then(|health| health.log.as_ref());
    let Some(probe) = log.and_then(|log| log.last()) else { return String::new() };
    let output = probe.output.as_deref().unwrap_or_default().trim();
    let output = if output.is_empty() { "no output" } else { output };
    format!("; its last probe ended with {}: {output}", probe.exit_code.unwrap_or_default())
}

/// How long a container that runs without a health check has to go on doing so; `None` when nothing speaks against it now.
fn settles_in(until: Readiness, state: &ContainerState, now: Timestamp) -> Option<Duration> {
    let has_check = state.health.as_ref().is_some_and(|health| health.status != Some(HealthStatusEnum::NONE));
    if until != Readiness::Ready || has_check || state.running != Some(true) {
        return None;
    }
    let started: Timestamp = state.started_at.as_ref()?.to_string().parse().ok()?;
    let ran = Duration::try_from(now.duration_since(started)).unwrap_or_default();
    SETTLED.checked_sub(ran).filter(|rest| !rest.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(
        status: ContainerStateStatusEnum,
        health: Option<HealthStatusEnum>,
        code: i64,
    ) -> ContainerState {
        ContainerState {
            status: Some(status),
            exit_code: Some(code),
            health: health
                .map(|status| bollard::models::Health { status: Some(status), ..Default::default() }),
            ..Default::default()
        }
    }

    #[test]
    fn health_is_judged() {
        use ContainerStateStatusEnum::{EXITED, RESTARTING, RUNNING};
        let healthy = |state: &ContainerState| judge(Readiness::Healthy, "c", state);
        assert_eq!(healthy(&state(RUNNING, Some(HealthStatusEnum::HEALTHY), 0)), Verdict::Ready);
        assert_eq!(healthy(&state(RUNNING, Some(HealthStatusEnum::STARTING), 0)), Verdict::NotYet);
        assert_eq!(healthy(&state(RESTARTING, None, 0)), Verdict::NotYet);
        assert!(matches!(healthy(&state(RUNNING, None, 0)), Verdict::Never(_)));
        assert!(matches!(healthy(&state(EXITED, None, 0)), Verdict::Never(_)));
    }

    #[test]
    fn a_container_without_a_check_has_to_run_for_a_moment() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let began = "2026-01-01T00:00:00.000000000Z";
        let running = |health| ContainerState {
            running: Some(true),
            started_at: Some(began.into()),
            ..state(ContainerStateStatusEnum::RUNNING, health, 0)
        };
        let soon = at("2026-01-01T00:00:00.2Z");
        let rest = |health, now| settles_in(Readiness::Ready, &running(health), now);
        assert_eq!(rest(None, soon), Some(Duration::from_millis(300)));
        assert_eq!(rest(None, at("2026-01-01T00:00:00.5Z")), None);
        assert_eq!(rest(Some(HealthStatusEnum::HEALTHY), soon), None);
        assert_eq!(settles_in(Readiness::Healthy, &running(None), soon), None);
    }

    #[test]
    fn a_clean_end_is_ready_enough_for_wait() {
        use ContainerStateStatusEnum::{EXITED, RUNNING};
        assert_eq!(judge(Readiness::Ready, "c", &state(EXITED, None, 0)), Verdict::Ready);
        assert_eq!(judge(Readiness::Ready, "c", &state(RUNNING, None, 0)), Verdict::Ready);
        assert!(matches!(judge(Readiness::Ready, "c", &state(EXITED, None, 3)), Verdict::Never(_)));
        assert_eq!(judge(Readiness::Completed, "c", &state(EXITED, None, 3)), Verdict::Ended(3));
        assert_eq!(judge(Readiness::Completed, "c", &state(RUNNING, None, 0)), Verdict::NotYet);
    }
}
