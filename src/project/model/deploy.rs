//! `services.*.deploy`: replicas, resources, restart policy.

use serde::{Deserialize, Serialize};

use super::{Bytes, Duration, Extensions, Number, StringMap};
use crate::project::source::Span;

/// Deployment settings (compose-surface 1.4).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Deploy {
    /// `replicated` or `global`.
    pub mode: String,
    /// Number of containers.
    pub replicas: Option<i64>,
    /// Labels of the service (not of its containers).
    pub labels: StringMap,
    /// How to roll out a change.
    pub update_config: Option<UpdateConfig>,
    /// How to roll back.
    pub rollback_config: Option<UpdateConfig>,
    /// Limits and reservations.
    pub resources: Resources,
    /// When to restart.
    pub restart_policy: Option<RestartPolicy>,
    /// Where to run.
    pub placement: Placement,
    /// `vip` or `dnsrr`.
    pub endpoint_mode: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// `update_config` and `rollback_config`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UpdateConfig {
    /// Containers changed at a time; 0 is all.
    pub parallelism: Option<u64>,
    /// Pause between groups.
    pub delay: Duration,
    /// `pause`, `continue` or `rollback`.
    pub failure_action: String,
    /// How long a new container is watched.
    pub monitor: Duration,
    /// Tolerated share of failures, 0 to 1.
    pub max_failure_ratio: Number,
    /// `start-first` or `stop-first`.
    pub order: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// `resources`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// Upper bounds.
    pub limits: Option<Limits>,
    /// Guaranteed amounts and devices.
    pub reservations: Option<Reservations>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// `resources.limits`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// CPUs; 0 is unlimited.
    pub cpus: Number,
    /// Memory; 0 is unlimited.
    pub memory: Bytes,
    /// Processes; 0 is unset.
    pub pids: i64,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// `resources.reservations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reservations {
    /// CPUs.
    pub cpus: Number,
    /// Memory.
    pub memory: Bytes,
    /// Devices, GPUs above all.
    pub devices: Vec<DeviceRequest>,
    /// Countable resources of a cluster.
    pub generic_resources: Vec<GenericResource>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// A request for devices by capability; also an item of `gpus`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceRequest {
    /// Capabilities the device must have (`gpu`).
    pub capabilities: Vec<String>,
    /// Driver name.
    pub driver: String,
    /// How many; -1 is all. Unset: `device_ids` decide.
    pub count: Option<i64>,
    /// Devices by id.
    pub device_ids: Vec<String>,
    /// Driver options.
    pub options: StringMap,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// An item of `generic_resources`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GenericResource {
    /// Kind and amount.
    pub discrete_resource_spec: Option<DiscreteResource>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// A countable resource.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DiscreteResource {
    /// Kind.
    pub kind: String,
    /// Amount.
    #[serde(serialize_with = "super::always")]
    pub value: i64,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// `restart_policy`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RestartPolicy {
    /// `none`, `on-failure` or `any`.
    pub condition: String,
    /// Pause before a restart.
    pub delay: Option<Duration>,
    /// Restarts before giving up.
    pub max_attempts: Option<u64>,
    /// How long a restart is watched.
    pub window: Option<Duration>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// `placement`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Placement {
    /// Conditions on a node.
    pub constraints: Vec<String>,
    /// Preferred spreading.
    pub preferences: Vec<PlacementPreference>,
    /// Containers per node; 0 is unlimited.
    pub max_replicas_per_node: u64,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// An item of `placement.preferences`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlacementPreference {
    /// Node label to spread over.
    pub spread: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}
