//! What is mounted into a service: volumes, and files from secrets and configs.

use serde::{Deserialize, Serialize};

use super::{Bytes, Extensions, FileMode, StringMap};
use crate::project::source::Span;

/// Kind of mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// A named or anonymous volume.
    #[default]
    Volume,
    /// A path of the host.
    Bind,
    /// Memory.
    Tmpfs,
    /// An image's file system.
    Image,
    /// A Windows named pipe.
    Npipe,
    /// A cluster volume.
    Cluster,
}

/// An item of `services.*.volumes` (compose-surface 1.13).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Mount {
    /// Kind.
    #[serde(rename = "type")]
    pub kind: MountKind,
    /// Volume key, host path (absolute) or image; empty for an anonymous volume.
    pub source: String,
    /// Path in the container.
    pub target: String,
    /// Not writable.
    pub read_only: bool,
    /// A hint to Docker Desktop.
    pub consistency: String,
    /// Options of a bind mount.
    pub bind: Option<BindOptions>,
    /// Options of a volume.
    pub volume: Option<VolumeOptions>,
    /// Options of a tmpfs.
    pub tmpfs: Option<TmpfsOptions>,
    /// Options of an image mount.
    pub image: Option<ImageOptions>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// Options of a bind mount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BindOptions {
    /// SELinux relabelling: `z` (shared) or `Z` (private).
    pub selinux: String,
    /// Mount propagation (`rprivate`, `rshared`, …).
    pub propagation: String,
    /// Make a missing source a directory. Unset is true for the short form and for the long form too.
    pub create_host_path: Option<bool>,
    /// `enabled`, `disabled`, `writable` or `readonly`.
    pub recursive: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// Options of a volume mount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VolumeOptions {
    /// Labels of an anonymous volume.
    pub labels: StringMap,
    /// Do not copy the image's content into an empty volume.
    pub nocopy: bool,
    /// Path inside the volume.
    pub subpath: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// Options of a tmpfs mount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TmpfsOptions {
    /// Size.
    pub size: Bytes,
    /// Permission bits.
    pub mode: u32,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// Options of an image mount.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageOptions {
    /// Path inside the image.
    pub subpath: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// A secret or config as a file in the container (or in a build).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileReference {
    /// Key of the top-level secret or config.
    pub source: String,
    /// Path in the container; for a build the secret's id.
    pub target: String,
    /// Owner.
    pub uid: String,
    /// Group.
    pub gid: String,
    /// Permission bits; unset is 0444.
    pub mode: Option<FileMode>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}
