//! One user mount of a container, as kept on disk.

use serde::{Deserialize, Serialize};
use wharf_container::spec::Propagation;

use crate::model::MountPoint;
use crate::model::config::Labels;

/// What is mounted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// A directory or file of the host.
    #[default]
    Bind,
    /// A volume of this engine.
    Volume,
    /// Memory.
    Tmpfs,
    /// The content of an image.
    Image,
}

/// How far read-only reaches (contract 2.4.6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadOnly {
    /// Writable.
    #[default]
    No,
    /// Only the mount itself.
    Top,
    /// The mounts below it too.
    Recursive,
}

/// One mount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MountRecord {
    /// What.
    pub kind: MountKind,
    /// The volume.
    pub volume: String,
    /// The host path of a bind; what the request called an image.
    pub source: String,
    /// The id of an image.
    pub image: String,
    /// Absolute path in the container.
    pub destination: String,
    /// Whether writing is refused.
    pub read_only: ReadOnly,
    /// The mode words as the user wrote them.
    pub mode: String,
    /// How mount events travel.
    pub propagation: Propagation,
    /// Leave the mounts below the source out.
    pub not_recursive: bool,
    /// A missing host directory is made (contract 2.4.1).
    pub create_source: bool,
    /// The volume was made for this container alone and goes with it on request (contract 2.2.3).
    pub anonymous: bool,
    /// Do not fill an empty volume from the image.
    pub no_copy: bool,
    /// A path inside the volume or image (contract 2.4.9).
    pub subpath: String,
    /// Options of a tmpfs, as in `mount -o`.
    pub tmpfs: Vec<String>,
    /// Asked for with the option `Tmpfs`, which Docker does not list among the mounts.
    pub unlisted: bool,
    /// Labels for a volume that is made with the container.
    pub volume_labels: Labels,
    /// Driver options for a volume that is made with the container.
    pub volume_options: Labels,
}

impl MountRecord {
    /// As `inspect` and lists show it; `source` is where its content is on the host.
    pub fn describe(&self, source: String) -> MountPoint {
        let (name, driver) = match self.kind {
            MountKind::Volume => (self.volume.clone(), "local"),
            MountKind::Image => (self.source.clone(), ""),
            MountKind::Bind | MountKind::Tmpfs => (String::new(), ""),
        };
        let propagates = matches!(self.kind, MountKind::Bind | MountKind::Image);
        MountPoint {
            kind: self.kind.as_str().to_owned(),
            name,
            source,
            destination: self.destination.clone(),
            driver: driver.to_owned(),
            mode: self.mode.clone(),
            read_write: self.read_only == ReadOnly::No,
            propagation: if propagates { self.propagation_text() } else { String::new() },
        }
    }

    fn propagation_text(&self) -> String {
        match self.propagation {
            Propagation::Rprivate => "rprivate",
            Propagation::Private => "private",
            Propagation::Rslave => "rslave",
            Propagation::Slave => "slave",
            Propagation::Rshared => "rshared",
            Propagation::Shared => "shared",
        }
        .to_owned()
    }
}

impl MountKind {
    /// Docker's word.
    pub fn as_str(self) -> &'static str {
        match self {
            MountKind::Bind => "bind",
            MountKind::Volume => "volume",
            MountKind::Tmpfs => "tmpfs",
            MountKind::Image => "image",
        }
    }
}
