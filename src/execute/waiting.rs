//! What a wait says while it lasts: for what, for whom, and what the last probe found.

use bollard::models::{ContainerState, Health};

use super::{Runner, texts};
use crate::output::progress::{ProgressEvent, Status};
use crate::plan::step::{ContainerTarget, Readiness, Reason};

/// A wait for one container, and what was said of it last.
pub(super) struct Waiting<'w> {
    runner: &'w Runner,
    /// The container.
    pub target: &'w ContainerTarget,
    purpose: String,
    said: String,
}

impl<'w> Waiting<'w> {
    pub fn new(
        runner: &'w Runner,
        target: &'w ContainerTarget,
        until: Readiness,
        service: &str,
        reason: &Reason,
    ) -> Waiting<'w> {
        let purpose = purpose(until, service, reason);
        Waiting { runner, target, said: purpose.clone(), purpose }
    }

    /// Says how far it is, when that is news; the beginning was said with [`purpose`].
    pub fn tell(&mut self, state: &ContainerState, retries: i64) {
        let found = state.health.as_ref().and_then(|health| failed_probe(health, retries));
        let details = match found {
            Some(found) => format!("{}: {found}", self.purpose),
            None => self.purpose.clone(),
        };
        if details == self.said {
            return;
        }
        let id = texts::container(&self.target.name);
        self.runner
            .progress
            .event(&ProgressEvent::new(id, Status::Working, "Waiting").with_details(details.as_str()));
        self.said = details;
    }
}

fn wanted(until: Readiness) -> &'static str {
    match until {
        Readiness::Healthy => "be healthy",
        Readiness::Completed => "complete",
        Readiness::Ready => "be ready",
    }
}

/// For what and for whom it is waited.
pub(super) fn purpose(until: Readiness, service: &str, reason: &Reason) -> String {
    let whom = match reason {
        Reason::NeededBy(service) => format!(" (needed by {service})"),
        Reason::Policy(flag) => format!(" ({flag})"),
        _ => String::new(),
    };
    format!("for {service} to {}{whom}", wanted(until))
}

/// `last probe exit 1: connection refused, 3 of 10`; `None` while no probe failed.
fn failed_probe(health: &Health, retries: i64) -> Option<String> {
    let probe = health.log.as_ref()?.last()?;
    let code = probe.exit_code.filter(|code| *code != 0)?;
    let output = probe.output.as_deref().unwrap_or_default();
    let line = output.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no output");
    let failures = match (health.failing_streak.unwrap_or(0), retries) {
        // Probes in the start period fail without being counted.
        (0, _) => String::new(),
        (count, 0) => format!(", {count} failed"),
        (count, limit) => format!(", {count} of {limit}"),
    };
    Some(format!("last probe exit {code}: {line}{failures}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::HealthcheckResult;

    #[test]
    fn probes_in_words() {
        let health = |code, output: &str, failing_streak| Health {
            failing_streak: Some(failing_streak),
            log: Some(vec![HealthcheckResult {
                exit_code: Some(code),
                output: Some(output.to_owned()),
                ..HealthcheckResult::default()
            }]),
            ..Health::default()
        };
        let said = |code, output, streak| failed_probe(&health(code, output, streak), 10);
        assert_eq!(
            said(1, "trying\nconnection refused\n", 3).unwrap(),
            "last probe exit 1: connection refused, 3 of 10"
        );
        assert_eq!(said(2, "", 0).unwrap(), "last probe exit 2: no output");
        assert_eq!(said(0, "fine", 0), None);
    }
}
