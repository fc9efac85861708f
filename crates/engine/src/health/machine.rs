//! The transitions of a container's health (contract 4.5 to 4.8), and when to probe next.
//!
//! Docker probes first after one interval. Here, while a container is starting, probes come from the first moment and between
//! Docker's as well. Those are *early*: their success counts, their failure is not recorded. So a container is healthy as soon
//! as it is, and never unhealthy sooner than with Docker.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::settings::HealthSettings;
use crate::model::inspect::{Health, HealthResult};

/// How many results are kept.
const LOG_LENGTH: usize = 5;
/// How much output of a probe is kept, in bytes.
pub const OUTPUT_LIMIT: usize = 4096;
/// The first early probe, so that a process has a moment to begin.
const EARLY_FIRST: Duration = Duration::from_millis(100);
/// Early probes slow down to this, so that a slow starter is not disturbed by them.
const EARLY_SLOWEST: Duration = Duration::from_secs(2);

/// The states of health.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// No verdict yet.
    #[default]
    Starting,
    /// The last probe succeeded, or not enough have failed since.
    Healthy,
    /// Too many probes have failed in a row.
    Unhealthy,
}

impl HealthStatus {
    /// Docker's word.
    pub fn as_str(self) -> &'static str {
        match self {
            HealthStatus::Starting => "starting",
            HealthStatus::Healthy => "healthy",
            HealthStatus::Unhealthy => "unhealthy",
        }
    }
}

/// How a probe ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeResult {
    /// RFC 3339.
    pub start: String,
    /// RFC 3339.
    pub end: String,
    /// -1 when it could not be run or took too long.
    pub exit_code: i32,
    /// What it wrote, both streams.
    pub output: Vec<u8>,
}

/// The health of one run of a container. Times are ages of the run.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    status: HealthStatus,
    failing_streak: u32,
    log: VecDeque<HealthResult>,
    early_probes: u32,
    /// When Docker would probe next; a probe from then on is no early one.
    due: Option<Duration>,
}

impl Machine {
    /// The machine of a container that already has a status: its engine was restarted.
    pub fn resumed(status: HealthStatus) -> Machine {
        Machine { status, ..Machine::default() }
    }

    /// The present state.
    pub fn status(&self) -> HealthStatus {
        self.status
    }

    /// Takes in the result of a probe that began at `age`. True when the state changed.
    pub fn probed(&mut self, settings: &HealthSettings, age: Duration, result: ProbeResult) -> bool {
        let before = self.status;
        let early = self.due.is_some_and(|due| age < due);
        if result.exit_code == 0 {
            self.failing_streak = 0;
            self.status = HealthStatus::Healthy;
        } else if early {
            self.early_probes += 1;
            return false;
        } else if before != HealthStatus::Starting || age >= settings.start_period {
            self.failing_streak += 1;
            if self.failing_streak >= settings.retries {
                self.status = HealthStatus::Unhealthy;
            }
        }
        self.due = None;
        self.record(result);
        self.status != before
    }

    /// How long to wait before the next probe, at `age`: at the start, or when the last probe has ended.
    pub fn next_probe(&mut self, settings: &HealthSettings, age: Duration) -> Duration {
        let starting = self.status == HealthStatus::Starting;
        let pace =
            if starting && age < settings.start_period { settings.start_interval } else { settings.interval };
        let due = *self.due.get_or_insert(age + pace);
        let left = due.saturating_sub(age);
        let early = EARLY_FIRST * 2u32.saturating_pow(self.early_probes.min(8));
        if starting { early.min(EARLY_SLOWEST).min(left) } else { left }
    }

    fn record(&mut self, result: ProbeResult) {
        if self.log.len() == LOG_LENGTH {
            self.log.pop_front();
        }
        self.log.push_back(HealthResult {
            start: result.start,
            end: result.end,
            exit_code: result.exit_code,
            output: output(&result.output),
        });
    }

    /// As `inspect` shows it.
    pub fn report(&self) -> Health {
        Health {
            status: self.status.as_str().to_owned(),
            failing_streak: self.failing_streak,
            log: self.log.iter().cloned().collect(),
        }
    }
}

fn output(bytes: &[u8]) -> String {
    let kept = &bytes[..bytes.len().min(OUTPUT_LIMIT)];
    let mut text = String::from_utf8_lossy(kept).into_owned();
    if bytes.len() > OUTPUT_LIMIT {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::settings::Test;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> HealthSettings {
        HealthSettings {
            test: Test::Command(vec!["x".to_owned()]),
            interval: 10 * SECOND,
            timeout: SECOND,
            start_period: Duration::ZERO,
            start_interval: 5 * SECOND,
            retries: 2,
        }
    }

    fn result(exit_code: i32) -> ProbeResult {
        ProbeResult { exit_code, ..ProbeResult::default() }
    }

    /// Runs probes with these exit codes at Docker's moments, ignoring the early ones in between; tells the states.
    fn run(settings: &HealthSettings, exit_codes: &[i32]) -> Vec<HealthStatus> {
        let (mut machine, mut age, mut states) = (Machine::default(), Duration::ZERO, Vec::new());
        for &exit_code in exit_codes {
            loop {
                age += machine.next_probe(settings, age);
                if machine.due == Some(age) {
                    break;
                }
                machine.probed(settings, age, result(1));
            }
            machine.probed(settings, age, result(exit_code));
            states.push(machine.status());
        }
        states
    }

    use HealthStatus::{Healthy, Starting, Unhealthy};

    #[test]
    fn early_success_counts_and_early_failure_does_not() {
        let mut machine = Machine::default();
        let wait = machine.next_probe(&settings(), Duration::ZERO);
        assert!(!machine.probed(&settings(), wait, result(1)));
        assert_eq!((machine.failing_streak, machine.log.len()), (0, 0));
        let wait = wait + machine.next_probe(&settings(), wait);
        assert!(machine.probed(&settings(), wait, result(0)));
        assert_eq!(machine.status(), Healthy);
    }

    #[test]
    fn retries_in_a_row_make_unhealthy_and_one_success_heals() {
        assert_eq!(run(&settings(), &[1, 127, 0, 1, 1]), [Starting, Unhealthy, Healthy, Healthy, Unhealthy]);
    }

    #[test]
    fn failures_in_the_start_period_are_not_counted_until_healthy_once() {
        let settings = HealthSettings { start_period: 60 * SECOND, ..settings() };
        assert_eq!(
            run(&settings, &[1, 1, 1, 0, 1, 1]),
            [Starting, Starting, Starting, Healthy, Healthy, Unhealthy]
        );
    }

    #[test]
    fn counted_probes_come_when_dockers_do_and_early_ones_between() {
        let (settings, mut machine) = (settings(), Machine::default());
        let (mut age, mut probes) = (Duration::ZERO, 0);
        while machine.log.is_empty() {
            age += machine.next_probe(&settings, age);
            machine.probed(&settings, age, result(1));
            probes += 1;
        }
        assert_eq!(age, settings.interval);
        assert!((5..=12).contains(&probes), "{probes}");
        assert_eq!(machine.next_probe(&settings, age), EARLY_SLOWEST);
        machine.probed(&settings, age + EARLY_SLOWEST, result(0));
        assert_eq!(machine.next_probe(&settings, age), settings.interval);
    }

    #[test]
    fn five_results_are_kept_and_output_is_cut() {
        let mut machine = Machine::default();
        for _ in 0..7 {
            let output = vec![b'x'; OUTPUT_LIMIT + 1];
            machine.probed(&settings(), 60 * SECOND, ProbeResult { output, ..result(1) });
        }
        let health = machine.report();
        assert_eq!((health.log.len(), health.failing_streak), (5, 7));
        assert!(health.log[0].output.ends_with("x..."));
    }
}
