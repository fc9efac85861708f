//! Watching a replica that an update has just started: whether it shows that it works.

use std::time::{Duration, Instant};

use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, HealthStatusEnum};
use bollard::query_parameters::LogsOptionsBuilder;
use futures::StreamExt;

use super::wait::{inspect, last_probe, next_change};
use super::{ContainerEvents, Runner, StepError};
use crate::plan::step::{ContainerTarget, MONITOR};

/// Lines of its log that a failure shows.
const LINES: &str = "10";

/// What one look tells.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It works.
    Works,
    /// It works if nothing happens until so much time has passed since it began.
    Until(Duration),
    /// An event will tell.
    Unknown,
    /// It does not work, and why.
    Fails(String),
}

/// Waits until a container is healthy or, without a health check, has run for [`MONITOR`]; with `monitor`, in either case for
/// so long.
///
/// # Errors
/// It ends, restarts or becomes unhealthy: the reason, and the last lines of its log.
pub(super) async fn watch(
    runner: &Runner,
    events: &ContainerEvents,
    target: &ContainerTarget,
    monitor: Option<Duration>,
) -> Result<(), StepError> {
    let mut changes = events.receive();
    let began = Instant::now();
    loop {
        let inspected = inspect(runner, target).await?;
        let id = inspected.id.clone();
        match judge(&inspected, monitor) {
            Verdict::Works => return Ok(()),
            Verdict::Unknown => next_change(&mut changes, target, id.as_deref()).await?,
            Verdict::Until(time) => {
                let left = time.saturating_sub(began.elapsed());
                if left.is_zero() {
                    return Ok(());
                }
                // Silence until then is what is hoped for.
                let change = next_change(&mut changes, target, id.as_deref());
                tokio::time::timeout(left, change).await.unwrap_or(Ok(()))?;
            }
            Verdict::Fails(why) => return Err(failure(runner, target, why).await),
        }
    }
}

fn judge(inspected: &ContainerInspectResponse, monitor: Option<Duration>) -> Verdict {
    use ContainerStateStatusEnum as S;
    let state = inspected.state.clone().unwrap_or_default();
    if inspected.restart_count.is_some_and(|count| count > 0) {
        return Verdict::Fails(format!("it ended{} and was started again", code(&state)));
    }
    match state.status {
        Some(S::RUNNING | S::PAUSED) => judge_running(&state, monitor),
        Some(S::CREATED) | None => Verdict::Unknown,
        Some(S::RESTARTING) => Verdict::Fails(format!("it ended{} and is started again", code(&state))),
        Some(_) => Verdict::Fails(format!("it ended{}", code(&state))),
    }
}

fn judge_running(state: &ContainerState, monitor: Option<Duration>) -> Verdict {
    let health = state.health.as_ref();
    match health.and_then(|health| health.status) {
        Some(HealthStatusEnum::STARTING) => Verdict::Unknown,
        Some(HealthStatusEnum::UNHEALTHY) => Verdict::Fails(format!("it is unhealthy{}", last_probe(health))),
        Some(HealthStatusEnum::HEALTHY) => monitor.map_or(Verdict::Works, Verdict::Until),
        _ => Verdict::Until(monitor.unwrap_or(MONITOR)),
    }
}

fn code(state: &ContainerState) -> String {
    let oom = if state.oom_killed == Some(true) { ", out of memory" } else { "" };
    state.exit_code.map(|code| format!(" with {code}{oom}")).unwrap_or_default()
}

async fn failure(runner: &Runner, target: &ContainerTarget, why: String) -> StepError {
    StepError::Replica { why, log: last_lines(runner, &target.id).await }
}

/// The end of its log; nothing where there is none to be read.
pub(super) async fn last_lines(runner: &Runner, id: &str) -> Vec<String> {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(LINES).build();
    let mut frames = Box::pin(runner.engine.docker().logs(id, Some(options)));
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = frames.next().await {
        bytes.extend_from_slice(&frame.into_bytes());
    }
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: ContainerStateStatusEnum, health: Option<HealthStatusEnum>) -> ContainerInspectResponse {
        let health =
            health.map(|status| bollard::models::Health { status: Some(status), ..Default::default() });
        let state = ContainerState { status: Some(status), health, exit_code: Some(3), ..Default::default() };
        ContainerInspectResponse { state: Some(state), ..Default::default() }
    }

    #[test]
    fn health_decides_or_time_without_it() {
        use ContainerStateStatusEnum::RUNNING;
        let second = Some(Duration::from_secs(1));
        assert_eq!(judge(&seen(RUNNING, Some(HealthStatusEnum::HEALTHY)), None), Verdict::Works);
        assert_eq!(
            judge(&seen(RUNNING, Some(HealthStatusEnum::HEALTHY)), second),
            Verdict::Until(Duration::from_secs(1))
        );
        assert_eq!(judge(&seen(RUNNING, Some(HealthStatusEnum::STARTING)), second), Verdict::Unknown);
        assert_eq!(judge(&seen(RUNNING, None), None), Verdict::Until(MONITOR));
        assert_eq!(judge(&seen(RUNNING, None), second), Verdict::Until(Duration::from_secs(1)));
    }

    #[test]
    fn an_end_is_a_failure_even_when_a_policy_starts_it_again() {
        use ContainerStateStatusEnum::{EXITED, RESTARTING, RUNNING};
        assert_eq!(judge(&seen(EXITED, None), None), Verdict::Fails("it ended with 3".into()));
        assert!(matches!(judge(&seen(RESTARTING, None), None), Verdict::Fails(_)));
        let restarted = ContainerInspectResponse { restart_count: Some(1), ..seen(RUNNING, None) };
        assert!(matches!(judge(&restarted, None), Verdict::Fails(_)));
        let unhealthy = judge(&seen(RUNNING, Some(HealthStatusEnum::UNHEALTHY)), None);
        assert_eq!(unhealthy, Verdict::Fails("it is unhealthy".into()));
    }
}
