//! What a container is: the part that only a user's request changes. Kept in `config.json`.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::mounts::MountRecord;
use crate::model::config::Config;
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
    /// As asked, modes resolved.
    pub host_config: HostConfig,
    /// All user mounts.
    pub mounts: Vec<MountRecord>,
    /// Networks by name, as asked.
    pub endpoints: IndexMap<String, EndpointSettings>,
}

impl Record {
    /// The signal that asks it to stop.
    pub fn stop_signal(&self) -> &str {
        if self.config.stop_signal.is_empty() { "SIGTERM" } else { &self.config.stop_signal }
    }
}
