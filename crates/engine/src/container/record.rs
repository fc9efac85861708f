//! What a container is: the part that only a user's request changes. Kept in `config.json`.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::mounts::MountRecord;
use crate::model::config::{Config, Labels};
use crate::model::{EndpointSettings, HostConfig};

/// A container as it was asked for, everything resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without the leading slash.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The image's id.
    pub image_id: String,
    /// `linux`.
    pub platform: String,
    /// Merged with the image's.
    pub config: Config,
    /// Names of labels that only the image has. They show as any other, and nothing is done because of them
    /// (contract 10.4, CVE-2026-53488).
    #[serde(default)]
    pub image_labels: BTreeSet<String>,
    /// As asked, modes resolved.
    pub host_config: HostConfig,
    /// All user mounts.
    pub mounts: Vec<MountRecord>,
    /// Networks by name, as asked.
    pub endpoints: IndexMap<String, EndpointSettings>,
}

impl Record {
    /// The labels that were asked for, without the image's.
    pub fn requested_labels(&self) -> Labels {
        let mut labels = self.config.labels.clone();
        labels.retain(|name, _| !self.image_labels.contains(name));
        labels
    }

    /// Whether it was made from the image with this id, or mounts it.
    pub fn uses_image(&self, id: &str) -> bool {
        self.image_id == id || self.mounts.iter().any(|mount| mount.image == id)
    }

    /// The signal that asks it to stop.
    pub fn stop_signal(&self) -> &str {
        if self.config.stop_signal.is_empty() { "SIGTERM" } else { &self.config.stop_signal }
    }
}
