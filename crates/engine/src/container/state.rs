//! What a container does: kept in `state.json`, and the texts that lists show.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use wharf_container::process::Identity;

use crate::health::HealthStatus;
use crate::health::budget::{RESTARTS, RestartBudget};
use crate::model::EndpointSettings;
use crate::model::host_config::PortMap;

/// Docker's states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Never started, or the start failed before its process ran.
    #[default]
    Created,
    /// Its process runs.
    Running,
    /// Its processes are frozen.
    Paused,
    /// Its process ended and will be started again.
    Restarting,
    /// Its process ended.
    Exited,
    /// It could not be removed completely.
    Dead,
}

impl Status {
    /// Docker's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Created => "created",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Restarting => "restarting",
            Status::Exited => "exited",
            Status::Dead => "dead",
        }
    }

    /// A process exists.
    pub fn has_process(self) -> bool {
        matches!(self, Status::Running | Status::Paused)
    }

    /// Docker's `Running` flag, which a container keeps while it waits for its restart (contract 5.2).
    pub fn counts_as_running(self) -> bool {
        self.has_process() || self == Status::Restarting
    }
}

/// The state of one container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What it does.
    pub status: Status,
    /// Its first process; a claim until checked.
    pub process: Option<Identity>,
    /// Of the last run.
    pub exit_code: i32,
    /// Why the last start failed.
    pub error: String,
    /// The kernel killed one of its processes for memory in the last run (contract 1.11.7).
    pub oom_killed: bool,
    /// Of the last run.
    pub started_at: Option<Timestamp>,
    /// Of the last run.
    pub finished_at: Option<Timestamp>,
    /// Automatic restarts since the last start by hand (contract 5.6).
    pub restart_count: u64,
    /// Stopped or killed by hand since the last start (contract 1.11.3).
    pub manually_stopped: bool,
    /// Stopped only because the engine ended: it is to come back with the next one.
    pub interrupted: bool,
    /// Of the present run; absent without a health check.
    pub health: Option<HealthStatus>,
    /// Restarts for being unhealthy, where the container asks for that.
    pub unhealthy_restarts: RestartBudget,
    /// Networks by name with the addresses of the present run.
    pub networks: IndexMap<String, EndpointSettings>,
    /// Published ports of the present run.
    pub ports: PortMap,
}

impl State {
    /// A start by hand: nothing that happened before counts any more (contract 5.6).
    pub fn begin_anew(&mut self) {
        (self.manually_stopped, self.restart_count) = (false, 0);
        self.unhealthy_restarts.clear();
    }

    /// Its health as it is shown: what has ended is `unhealthy`, as on Docker Engine, so that nobody waits for it.
    pub fn shown_health(&self) -> Option<HealthStatus> {
        let has_ended = matches!(self.status, Status::Exited | Status::Dead);
        self.health.map(|health| if has_ended { HealthStatus::Unhealthy } else { health })
    }

    /// The `Status` text of a list, such as `Up 3 seconds (healthy)`.
    pub fn describe(&self, now: Timestamp) -> String {
        match self.status {
            Status::Created => "Created".to_owned(),
            Status::Dead => "Dead".to_owned(),
            Status::Exited => format!("Exited ({}) {} ago", self.exit_code, since(self.finished_at, now)),
            Status::Restarting => {
                format!("Restarting ({}) {} ago", self.exit_code, since(self.finished_at, now))
            }
            Status::Paused => format!("Up {} (Paused)", since(self.started_at, now)),
            Status::Running => self.describe_running(now),
        }
    }

    fn describe_running(&self, now: Timestamp) -> String {
        let time = since(self.started_at, now);
        let health = match self.health {
            None => String::new(),
            Some(HealthStatus::Starting) => " (health: starting)".to_owned(),
            Some(health) => format!(" ({})", health.as_str()),
        };
        format!("Up {time}{health}{}", self.unhealthy_loop(now))
    }

    /// How much of its budget a container has used that is restarted whenever it is unhealthy.
    fn unhealthy_loop(&self, now: Timestamp) -> String {
        match self.unhealthy_restarts.used(now) {
            0 => String::new(),
            RESTARTS => format!(", unhealthy restarts used up ({RESTARTS}/{RESTARTS})"),
            used => format!(", unhealthy restarts: {used}/{RESTARTS}"),
        }
    }
}

fn since(time: Option<Timestamp>, now: Timestamp) -> String {
    human(time.map_or(SignedDuration::ZERO, |time| now.duration_since(time)))
}

/// A duration in Docker's rough words.
fn human(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match seconds {
        0 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".to_owned(),
        120..3600 => format!("{minutes} minutes"),
        _ if hours == 1 => "About an hour".to_owned(),
        _ if hours < 48 => format!("{hours} hours"),
        _ if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        _ if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        _ if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(status: Status, seconds: i64) -> String {
        let started_at = Some(Timestamp::UNIX_EPOCH);
        let state = State { status, started_at, finished_at: started_at, exit_code: 3, ..State::default() };
        state.describe(Timestamp::from_second(seconds).unwrap())
    }

    #[test]
    fn texts_are_dockers() {
        assert_eq!(at(Status::Running, 0), "Up Less than a second");
        assert_eq!(at(Status::Running, 59), "Up 59 seconds");
        assert_eq!(at(Status::Running, 90), "Up About a minute");
        assert_eq!(at(Status::Running, 600), "Up 10 minutes");
        assert_eq!(at(Status::Running, 4000), "Up About an hour");
        assert_eq!(at(Status::Paused, 7300), "Up 2 hours (Paused)");
        assert_eq!(at(Status::Exited, 3 * 86400), "Exited (3) 3 days ago");
        assert_eq!(at(Status::Restarting, 1), "Restarting (3) 1 second ago");
        assert_eq!(at(Status::Created, 1), "Created");
    }

    #[test]
    fn health_is_shown() {
        let text = |health| {
            let state = State { status: Status::Running, health: Some(health), ..State::default() };
            state.describe(Timestamp::UNIX_EPOCH)
        };
        assert_eq!(text(HealthStatus::Starting), "Up Less than a second (health: starting)");
        assert_eq!(text(HealthStatus::Unhealthy), "Up Less than a second (unhealthy)");
    }
}
