//! The smaller objects inside a service: dependencies, health check, limits, devices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bytes, Duration, Extensions, StringMap};
use crate::project::source::Span;

/// `blkio_config`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BlkioConfig {
    /// Weight, 10 to 1000.
    pub weight: u16,
    /// Weight by device.
    pub weight_device: Vec<BlkioWeight>,
    /// Bytes read per second.
    pub device_read_bps: Vec<BlkioLimit>,
    /// Reads per second.
    pub device_read_iops: Vec<BlkioLimit>,
    /// Bytes written per second.
    pub device_write_bps: Vec<BlkioLimit>,
    /// Writes per second.
    pub device_write_iops: Vec<BlkioLimit>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// Weight of one block device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BlkioWeight {
    /// Device path.
    #[serde(serialize_with = "super::always")]
    pub path: String,
    /// Weight, 10 to 1000.
    #[serde(serialize_with = "super::always")]
    pub weight: u16,
}

/// Rate limit of one block device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BlkioLimit {
    /// Device path.
    #[serde(serialize_with = "super::always")]
    pub path: String,
    /// Bytes or operations per second.
    #[serde(serialize_with = "super::always")]
    pub rate: Bytes,
}

/// `credential_spec`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CredentialSpec {
    /// Config key.
    pub config: String,
    /// File.
    pub file: String,
    /// Registry value.
    pub registry: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// What a dependency must have reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Its start call returned.
    #[default]
    ServiceStarted,
    /// Every replica is healthy.
    ServiceHealthy,
    /// It ran and exited with 0.
    ServiceCompletedSuccessfully,
}

/// An entry of `depends_on`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// What to wait for.
    pub condition: Condition,
    /// Restart the dependent when the dependency is restarted or recreated by the user.
    pub restart: bool,
    /// False: go on with a warning when the dependency fails.
    #[serde(serialize_with = "super::always")]
    pub required: bool,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written (for an implied dependency, what implied it).
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}

impl Default for Dependency {
    fn default() -> Self {
        Self {
            condition: Condition::default(),
            restart: false,
            required: true,
            extensions: Extensions::default(),
            span: Span::default(),
        }
    }
}

/// An item of `devices`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// Host path or CDI name.
    pub source: String,
    /// Path in the container.
    pub target: String,
    /// Of `r`, `w`, `m`; empty is all.
    pub permissions: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// `provider`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Provider {
    /// Provider program.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its options.
    pub options: BTreeMap<String, Vec<String>>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// An item of `env_file`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvFile {
    /// Path, absolute.
    pub path: String,
    /// False: the file may be missing.
    #[serde(serialize_with = "super::always")]
    pub required: bool,
    /// Empty for dotenv, `raw` for `KEY=VALUE` lines taken as they are.
    pub format: String,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// `extends`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Extends {
    /// File; empty: the same one.
    pub file: String,
    /// Service.
    pub service: String,
}

/// `healthcheck`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HealthCheck {
    /// `NONE`, `CMD …` or `CMD-SHELL …`; empty: the image's test.
    pub test: Vec<String>,
    /// Longest time of one probe.
    pub timeout: Option<Duration>,
    /// Time between probes.
    pub interval: Option<Duration>,
    /// Failures in a row that make it unhealthy.
    pub retries: Option<u64>,
    /// Time in which failures do not count.
    pub start_period: Option<Duration>,
    /// Time between probes in the start period.
    pub start_interval: Option<Duration>,
    /// Switch off the image's check.
    pub disable: bool,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}

/// `logging`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// Driver; empty is the engine's default.
    pub driver: String,
    /// Driver options.
    pub options: StringMap,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// An entry of `services.*.models`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceModel {
    /// Variable that gets the model's URL.
    pub endpoint_var: String,
    /// Variable that gets the model's name.
    pub model_var: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}
