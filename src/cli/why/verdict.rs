//! What is the matter with a service, told from its account. Pure.

use crate::output::why::{Account, ContainerAccount, HealthAccount};
use crate::project::model::Condition;

/// Sentences, the nearest cause first. `off` are the profiles that the service needs and that are not active.
pub(super) fn of(account: &Account, off: Option<&[String]>) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(profiles) = off {
        let first = profiles.first().map_or("NAME", String::as_str);
        sentences.push(format!(
            "it is off: none of its profiles ({}) is active; use --profile {first}",
            profiles.join(", ")
        ));
    }
    let unmet = account.waits.iter().filter(|wait| !wait.met && wait.required);
    let unmet: Vec<String> = unmet
        .map(|wait| format!("{} to be {}: {}", wait.service, condition_word(&wait.condition), wait.now))
        .collect();
    let waiting = account.containers.is_empty() || account.containers.iter().any(|c| c.state == "created");
    if waiting && !unmet.is_empty() && off.is_none() {
        sentences.push(format!("it waits for {}", unmet.join("; and for ")));
    }
    if account.containers.is_empty() && off.is_none() {
        sentences.push(match account.plan.as_deref() {
            Some([]) => "it has no container, and none is wanted".to_owned(),
            _ => "it has no container: none was made, or it was removed".to_owned(),
        });
    }
    sentences.extend(account.containers.iter().map(container));
    sentences
}

/// How one container is, and why as far as that can be told.
fn container(container: &ContainerAccount) -> String {
    let name = &container.name;
    if !container.error.is_empty() {
        return format!("{name} could not be started: {}", container.error);
    }
    if container.out_of_memory {
        return format!("{name} was killed because it used more memory than it may");
    }
    match (container.state.split(' ').next().unwrap_or_default(), container.exit_code) {
        ("restarting", Some(code)) => format!(
            "{name} ends again and again: {} ({} restarts so far)",
            exit_words(code),
            container.restarts
        ),
        ("exited" | "dead", Some(0)) => format!("{name} ran to its end"),
        ("exited" | "dead", Some(code)) => format!("{name} ended: {}", exit_words(code)),
        ("created", _) => format!("{name} was made and never started"),
        ("paused", _) => format!("{name} is frozen; `unpause` lets it go on"),
        _ => match &container.health {
            Some(health) => format!("{name} runs; {}", health_words(health)),
            None => format!("{name} runs"),
        },
    }
}

fn health_words(health: &HealthAccount) -> String {
    let probe = health.last_probe();
    let last = if probe.is_empty() { "no probe yet".to_owned() } else { format!("last probe {probe}") };
    match health.status.as_str() {
        "healthy" => "it is healthy".to_owned(),
        "unhealthy" => format!("it is unhealthy: {last}"),
        _ => format!("it is not healthy yet: {last}"),
    }
}

/// An exit code with what it usually means.
fn exit_words(code: i64) -> String {
    let meaning = match code {
        125 => "the engine failed to start it",
        126 => "its command cannot be executed: not a program, or no permission",
        127 => "its command was not found in the image",
        130 => "it was interrupted (SIGINT)",
        134 => "it aborted (SIGABRT)",
        137 => "it was killed (SIGKILL): too slow to stop, or killed by somebody",
        139 => "it crashed (SIGSEGV)",
        143 => "it was stopped (SIGTERM)",
        _ => return format!("exit code {code}"),
    };
    format!("exit code {code}, {meaning}")
}

fn condition_word(condition: &str) -> &str {
    match condition {
        "service_healthy" => "healthy",
        "service_completed_successfully" => "completed",
        _ => "started",
    }
}

/// Whether the containers of a dependency are as far as its condition asks, and how they are.
pub(super) fn reached(condition: Condition, containers: &[ContainerAccount]) -> (bool, String) {
    if containers.is_empty() {
        return (false, "it has no container".to_owned());
    }
    let is = |c: &ContainerAccount, state: &str| c.state.starts_with(state);
    let met = match condition {
        Condition::ServiceStarted => containers.iter().all(|c| is(c, "running") || is(c, "exited (0)")),
        Condition::ServiceHealthy => {
            let healthy = |c: &ContainerAccount| c.health.as_ref().is_some_and(|h| h.status == "healthy");
            containers.iter().all(|c| is(c, "running") && healthy(c))
        }
        Condition::ServiceCompletedSuccessfully => containers.iter().any(|c| is(c, "exited (0)")),
    };
    let unchecked = condition == Condition::ServiceHealthy && containers.iter().all(|c| c.health.is_none());
    let mut now: Vec<String> = containers.iter().map(container).collect();
    if unchecked && !met {
        now.push("it has no healthcheck, so it never becomes healthy".to_owned());
    }
    (met, now.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::why::{Probe, Wait};

    fn one(state: &str, exit_code: Option<i64>) -> ContainerAccount {
        ContainerAccount { name: "app-web-1".into(), state: state.into(), exit_code, ..Default::default() }
    }

    fn unhealthy() -> ContainerAccount {
        let probe = Probe { exit_code: 1, output: "x\nconnection refused\n".into(), ..Probe::default() };
        let health = HealthAccount { status: "unhealthy".into(), probes: vec![probe], ..Default::default() };
        ContainerAccount { health: Some(health), ..one("running", None) }
    }

    #[test]
    fn states_in_words() {
        let error = ContainerAccount { error: "port is taken".into(), ..one("created", None) };
        let cases = [
            (one("running", None), "app-web-1 runs"),
            (
                one("exited (127)", Some(127)),
                "app-web-1 ended: exit code 127, its command was not found in the image",
            ),
            (
                ContainerAccount { restarts: 4, ..one("restarting (3)", Some(3)) },
                "app-web-1 ends again and again: exit code 3 (4 restarts so far)",
            ),
            (error, "app-web-1 could not be started: port is taken"),
            (unhealthy(), "app-web-1 runs; it is unhealthy: last probe exit 1: connection refused"),
        ];
        for (account, words) in cases {
            assert_eq!(container(&account), words);
        }
    }

    #[test]
    fn conditions() {
        let reached = |condition, c: ContainerAccount| reached(condition, &[c]).0;
        assert!(reached(Condition::ServiceStarted, one("running", None)));
        assert!(!reached(Condition::ServiceHealthy, unhealthy()));
        assert!(reached(Condition::ServiceCompletedSuccessfully, one("exited (0)", Some(0))));
        assert!(!reached(Condition::ServiceCompletedSuccessfully, one("exited (1)", Some(1))));
        let (met, now) = super::reached(Condition::ServiceHealthy, &[one("running", None)]);
        assert!(!met && now.contains("no healthcheck"), "{now}");
    }

    #[test]
    fn what_is_waited_for_comes_first() {
        let wait = Wait {
            service: "db".into(),
            condition: "service_healthy".into(),
            required: true,
            now: "it has no container".into(),
            ..Wait::default()
        };
        let account =
            Account { waits: vec![wait], containers: vec![one("created", None)], ..Account::default() };
        let sentences = of(&account, None);
        assert_eq!(sentences[0], "it waits for db to be healthy: it has no container");
        assert_eq!(sentences[1], "app-web-1 was made and never started");
        assert!(of(&Account::default(), Some(&["gpu".to_owned()]))[0].contains("--profile gpu"));
    }
}
