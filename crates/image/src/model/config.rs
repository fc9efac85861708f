//! The image configuration document (image-spec config.md, contract 7.3.4).
//!
//! Owns the types only: who runs, builds or stores an image reads and changes them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::digest::Digest;
use crate::platform::Platform;

/// The whole configuration document of one image; its digest is the image id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// Go's architecture name.
    #[serde(default)]
    pub architecture: String,
    /// Go's operating system name.
    #[serde(default)]
    pub os: String,
    /// Architecture variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// RFC 3339 time of creation, as written by whoever made the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Defaults for containers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: Config,
    /// The layers.
    #[serde(default)]
    pub rootfs: RootFs,
    /// One entry per instruction, oldest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub history: Vec<History>,
    /// Fields this program does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Defaults for containers made from the image, in Docker's spelling.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Config {
    /// `user[:group]`, names or numbers; empty is root.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `port/protocol`.
    #[serde(
        default,
        deserialize_with = "set_from_object",
        serialize_with = "set_to_object",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub exposed_ports: BTreeSet<String>,
    /// `NAME=value`, in order.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// First words of the command line; absent and empty differ when an image is inherited from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Default arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// Health check; `None` when the image says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Paths that get an anonymous volume.
    #[serde(
        default,
        deserialize_with = "set_from_object",
        serialize_with = "set_to_object",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub volumes: BTreeSet<String>,
    /// Working directory.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Labels.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Signal that stops the container, by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Shell of shell-form instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
    /// Instructions that run when the image is built upon.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    /// Fields this program does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A health check; durations are nanoseconds, 0 means "the default".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`; empty inherits.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Time between probes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interval: i64,
    /// Time after which a probe counts as failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timeout: i64,
    /// Time after start during which failures do not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_period: i64,
    /// Time between probes during the start period.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_interval: i64,
    /// Failures in a row that make the container unhealthy.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: i64,
}

/// The layers an image consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Digests of the uncompressed layer archives, lowest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub diff_ids: Vec<Digest>,
}

impl Default for RootFs {
    fn default() -> RootFs {
        RootFs { kind: "layers".to_owned(), diff_ids: Vec::new() }
    }
}

/// What one instruction did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// True when the instruction made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
    /// Fields this program does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ImageConfig {
    /// An empty image for a platform: no layers, no defaults.
    pub fn new(platform: &Platform) -> ImageConfig {
        ImageConfig {
            architecture: platform.architecture.clone(),
            os: platform.os.clone(),
            variant: platform.variant.clone(),
            created: None,
            author: None,
            config: Config::default(),
            rootfs: RootFs::default(),
            history: Vec::new(),
            other: Map::new(),
        }
    }

    /// The platform the image was made for.
    pub fn platform(&self) -> Platform {
        Platform::new(&self.os, &self.architecture, self.variant.as_deref())
    }

    /// The time of creation, where there is a readable one.
    pub fn created_at(&self) -> Option<Timestamp> {
        self.created.as_deref()?.parse().ok()
    }

    /// The document's bytes.
    ///
    /// # Errors
    /// When a value cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Go writes absent lists and maps as `null`.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Go writes sets as objects with empty values: `{"80/tcp": {}}`.
fn set_from_object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    let object = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?;
    Ok(object.unwrap_or_default().into_keys().collect())
}

fn set_to_object<S: Serializer>(set: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(set.iter().map(|key| (key, Map::new())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"architecture":"amd64","os":"linux","created":"2024-05-01T10:00:00.5Z","config":{
        "User":"1000","ExposedPorts":{"80/tcp":{},"443/tcp":{}},"Env":null,"Entrypoint":null,"Cmd":["sh"],
        "Healthcheck":{"Test":["CMD","true"],"Interval":5000000000,"StartPeriod":1},"Volumes":{"/data":{}},
        "Labels":null,"OnBuild":null,"Shell":["/bin/bash","-c"],"ArgsEscaped":true,"Future":{"a":[1]}},
        "rootfs":{"type":"layers","diff_ids":null},"history":[{"created_by":"x","empty_layer":true,"y":1}],"z":[null]}"#;

    #[test]
    fn reads_docker_documents_with_nulls() {
        let image: ImageConfig = serde_json::from_str(DOCUMENT).unwrap();
        assert_eq!(image.config.exposed_ports.iter().collect::<Vec<_>>(), ["443/tcp", "80/tcp"]);
        assert_eq!(image.config.entrypoint, None);
        assert_eq!(image.config.healthcheck.as_ref().unwrap().interval, 5_000_000_000);
        assert_eq!(image.created_at().unwrap().to_string(), "2024-05-01T10:00:00.5Z");
        assert!(image.rootfs.diff_ids.is_empty() && image.history[0].empty_layer);
    }

    #[test]
    fn unknown_fields_survive_a_round_trip() {
        let image: ImageConfig = serde_json::from_str(DOCUMENT).unwrap();
        let again: Value = serde_json::from_slice(&image.to_bytes().unwrap()).unwrap();
        assert_eq!(again["z"], serde_json::json!([null]));
        assert_eq!(again["config"]["Future"], serde_json::json!({"a": [1]}));
        assert_eq!(again["config"]["ArgsEscaped"], true);
        assert_eq!(again["history"][0]["y"], 1);
        assert_eq!(again["config"]["Volumes"], serde_json::json!({"/data": {}}));
    }
}
