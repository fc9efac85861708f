//! What exists on the engine for one project: plain values, made from the engine's lists without further calls.
//!
//! Does no I/O (see `engine::observe`) and knows nothing about what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, MountPoint, PortSummary};

use super::labels;
use crate::project::model::Condition;

/// Everything of one project on one engine.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// All containers of the project, one-off ones too, by name.
    pub containers: Vec<ObservedContainer>,
    /// Networks by name: those with the project's label and those that the project would use by name.
    pub networks: BTreeMap<String, ObservedResource>,
    /// Volumes by name, chosen as networks are.
    pub volumes: BTreeMap<String, ObservedResource>,
    /// Image ids by every reference that leads to them.
    pub images: BTreeMap<String, String>,
}

impl Observed {
    /// Ids of containers in which a command can be run now: not of frozen ones, nor of those between two runs.
    pub fn running(&self) -> BTreeSet<String> {
        self.containers.iter().filter(|c| c.state == State::Running).map(|c| c.id.clone()).collect()
    }

    /// Id of the image that a reference leads to. With a tag and a digest, the digest decides.
    pub fn image(&self, reference: &str) -> Option<&String> {
        self.images.get(reference).or_else(|| {
            let (name, digest) = reference.split_once('@')?;
            let untagged = match name.rsplit_once(':') {
                Some((untagged, tag)) if !tag.contains('/') => untagged,
                _ => name,
            };
            self.images.get(&format!("{untagged}@{digest}"))
        })
    }
}

/// A network or a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedResource {
    /// Engine id; a volume's is its name.
    pub id: String,
    /// Project label, if any.
    pub project: Option<String>,
    /// Key in the compose file, if it was made from one.
    pub key: Option<String>,
    /// Fingerprint label, if any.
    pub config_hash: Option<String>,
}

/// State of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Made, never started.
    Created,
    /// Runs.
    Running,
    /// Frozen.
    Paused,
    /// Between two runs.
    Restarting,
    /// Ended.
    Exited,
    /// Being removed, or could not be.
    Dead,
}

impl State {
    /// The engine's word for it.
    pub fn text(self) -> &'static str {
        match self {
            State::Created => "created",
            State::Running => "running",
            State::Paused => "paused",
            State::Restarting => "restarting",
            State::Exited => "exited",
            State::Dead => "dead",
        }
    }
}

/// Health of a container that has a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// No verdict yet.
    Starting,
    /// The last probe succeeded.
    Healthy,
    /// Too many probes in a row failed.
    Unhealthy,
}

impl Health {
    /// The engine's word for it.
    pub fn text(self) -> &'static str {
        match self {
            Health::Starting => "starting",
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
        }
    }
}

/// A container.
#[derive(Clone, Debug)]
pub struct ObservedContainer {
    /// Engine id, 64 hexadecimal digits.
    pub id: String,
    /// Name without the leading slash.
    pub name: String,
    /// Service it belongs to.
    pub service: String,
    /// Replica number; `None` for one-off containers.
    pub number: Option<u32>,
    /// Made by `run`.
    pub one_off: bool,
    /// State.
    pub state: State,
    /// Health, where it has a check and runs.
    pub health: Option<Health>,
    /// Exit code of its last run, where it ended.
    pub exit_code: Option<i64>,
    /// Id of the image it was made from.
    pub image_id: String,
    /// Reference of the image as it was asked for.
    pub image: String,
    /// Its command line, words joined by blanks.
    pub command: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// The engine's words for its state ("Up 3 seconds (healthy)").
    pub status: String,
    /// Ids of its networks, by name.
    pub networks: BTreeMap<String, String>,
    /// Its mounts.
    pub mounts: Vec<MountPoint>,
    /// Ports it publishes.
    pub ports: Vec<PortSummary>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
}

impl ObservedContainer {
    /// Reads one entry of the engine's container list.
    pub fn from_summary(summary: &ContainerSummary) -> ObservedContainer {
        let labels: BTreeMap<_, _> = summary.labels.clone().unwrap_or_default().into_iter().collect();
        let status = summary.status.as_deref().unwrap_or_default();
        let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
        ObservedContainer {
            id: summary.id.clone().unwrap_or_default(),
            name: name_of(summary),
            service: label(labels::SERVICE),
            number: label(labels::NUMBER).parse().ok(),
            one_off: label(labels::ONE_OFF) == "True",
            state: state_of(summary),
            health: health_in(status),
            exit_code: exit_code_in(status),
            image_id: summary.image_id.clone().unwrap_or_default(),
            image: summary.image.clone().unwrap_or_default(),
            command: summary.command.clone().unwrap_or_default(),
            created: summary.created.unwrap_or_default(),
            status: status.to_owned(),
            networks: networks_of(summary),
            mounts: summary.mounts.clone().unwrap_or_default(),
            ports: summary.ports.clone().unwrap_or_default(),
            labels,
        }
    }

    /// Fingerprint of the configuration it was made from.
    pub fn config_hash(&self) -> Option<&str> {
        self.labels.get(labels::CONFIG_HASH).map(String::as_str)
    }

    /// Whether it has processes.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running | State::Paused | State::Restarting)
    }

    /// Services it depends on, from its label.
    pub fn dependencies(&self) -> Vec<LabelDependency<'_>> {
        let label = self.labels.get(labels::DEPENDS_ON).map_or("", String::as_str);
        label.split(',').filter_map(LabelDependency::parse).collect()
    }
}

/// An entry of the dependency label: `service:condition:restart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelDependency<'l> {
    /// The service.
    pub service: &'l str,
    /// What it must have reached.
    pub condition: Condition,
    /// Restart with it.
    pub restart: bool,
}

impl LabelDependency<'_> {
    fn parse(entry: &str) -> Option<LabelDependency<'_>> {
        let mut parts = entry.split(':');
        let service = parts.next().filter(|name| !name.is_empty())?;
        let condition = match parts.next() {
            Some("service_healthy") => Condition::ServiceHealthy,
            Some("service_completed_successfully") => Condition::ServiceCompletedSuccessfully,
            _ => Condition::ServiceStarted,
        };
        Some(LabelDependency { service, condition, restart: parts.next() == Some("true") })
    }
}

/// The container's name, without the slash that the engine puts before it.
pub fn name_of(summary: &ContainerSummary) -> String {
    let names = summary.names.as_deref().unwrap_or_default();
    let own = names.iter().find(|name| name.matches('/').count() == 1).or(names.first());
    own.map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default()
}

fn state_of(summary: &ContainerSummary) -> State {
    use ContainerSummaryStateEnum as S;
    match summary.state {
        Some(S::RUNNING | S::STOPPING) => State::Running,
        Some(S::PAUSED) => State::Paused,
        Some(S::RESTARTING) => State::Restarting,
        Some(S::EXITED) => State::Exited,
        Some(S::DEAD | S::REMOVING) => State::Dead,
        Some(S::CREATED | S::EMPTY) | None => State::Created,
    }
}

/// Health as the status text tells it: the list carries no field for it before API 1.52.
pub fn health_in(status: &str) -> Option<Health> {
    if status.contains("(healthy)") {
        Some(Health::Healthy)
    } else if status.contains("(unhealthy)") {
        Some(Health::Unhealthy)
    } else if status.contains("(health: starting)") {
        Some(Health::Starting)
    } else {
        None
    }
}

/// Exit code as the status text tells it (`Exited (3) 2 minutes ago`).
pub fn exit_code_in(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (")?;
    rest.split(')').next()?.parse().ok()
}

fn networks_of(summary: &ContainerSummary) -> BTreeMap<String, String> {
    let settings = summary.network_settings.as_ref().and_then(|s| s.networks.as_ref());
    let pairs = settings.into_iter().flatten();
    pairs.map(|(name, endpoint)| (name.clone(), endpoint.network_id.clone().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_texts_tell_health_and_exit_code() {
        assert_eq!(health_in("Up 3 seconds (healthy)"), Some(Health::Healthy));
        assert_eq!(health_in("Up 3 seconds (health: starting)"), Some(Health::Starting));
        assert_eq!(health_in("Up 3 seconds"), None);
        assert_eq!(exit_code_in("Exited (137) 2 minutes ago"), Some(137));
        assert_eq!(exit_code_in("Up 2 minutes"), None);
    }

    #[test]
    fn labels_become_fields() {
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let summary = ContainerSummary {
            names: Some(vec!["/other/alias".into(), "/app-web-2".into()]),
            state: Some(ContainerSummaryStateEnum::RUNNING),
            labels: Some(
                [
                    label(labels::SERVICE, "web"),
                    label(labels::NUMBER, "2"),
                    label(labels::DEPENDS_ON, "db:service_healthy:true,cache:service_started:false"),
                ]
                .into(),
            ),
            ..Default::default()
        };
        let container = ObservedContainer::from_summary(&summary);
        assert_eq!(container.name, "app-web-2");
        assert_eq!(container.number, Some(2));
        let db = LabelDependency { service: "db", condition: Condition::ServiceHealthy, restart: true };
        let cache =
            LabelDependency { service: "cache", condition: Condition::ServiceStarted, restart: false };
        assert_eq!(container.dependencies(), [db, cache]);
    }
}
