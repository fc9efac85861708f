//! The root file system and the mounts on it, as data.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where the root file system comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RootFilesystem {
    /// An overlay of image layers, mounted in the container's own mount namespace only.
    Overlay {
        /// Layer directories, top first. At least one.
        lower: Vec<PathBuf>,
        /// Takes the changes.
        upper: PathBuf,
        /// Overlayfs's scratch directory, on the same file system as `upper`.
        work: PathBuf,
        /// An existing directory the overlay is mounted on (nobody outside the container sees that mount).
        target: PathBuf,
    },
    /// A plain directory.
    Directory {
        /// The directory.
        path: PathBuf,
    },
}

/// One mount below the container's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Absolute path in the container; resolved inside the root, missing directories are made (contract
    /// 1.3.7).
    pub destination: PathBuf,
    /// What is mounted.
    pub kind: MountKind,
    /// Per-mount flags.
    #[serde(default)]
    pub options: MountOptions,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountKind {
    /// A host file or directory.
    Bind(BindMount),
    /// The content of an image.
    Layers(LayersMount),
    /// A fresh tmpfs. Also what `/dev` and `/dev/shm` are.
    Tmpfs(TmpfsMount),
    /// procfs of the container's PID namespace.
    Proc,
    /// sysfs of the container's network namespace.
    Sysfs,
    /// The container's own cgroups: cgroup2, or a tmpfs with one bind per v1 controller (contract 1.3.4).
    Cgroup,
    /// POSIX message queues of the container's IPC namespace.
    Mqueue,
    /// A new devpts instance (`ptmxmode=0666,mode=0620,gid=5`).
    Devpts,
}

/// A bind mount. Its source is opened on the host's side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindMount {
    /// Absolute path on the host.
    pub source: PathBuf,
    /// A path below `source`, resolved without leaving it (volume `subpath`).
    #[serde(default)]
    pub subpath: Option<PathBuf>,
    /// Take the mounts below the source along (`rbind`).
    pub recursive: bool,
    /// How mount events travel.
    pub propagation: Propagation,
}

/// Image layers, read-only whatever the options of the mount say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayersMount {
    /// The name of the image, for messages.
    pub image: String,
    /// Layer directories, top first.
    pub lower: Vec<PathBuf>,
    /// An empty directory on the host, as in [`crate::overlay::detached_layers`].
    pub empty: PathBuf,
    /// A path in the image, resolved without leaving it (image `subpath`).
    #[serde(default)]
    pub subpath: Option<PathBuf>,
}

/// A tmpfs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TmpfsMount {
    /// The name shown as its source in `/proc/mounts`.
    #[serde(default)]
    pub source: Option<String>,
    /// Bytes; the kernel's default (half of the memory) when none.
    #[serde(default)]
    pub size: Option<u64>,
    /// Permission bits of its root. None: those of the directory it covers, else 01777 (contract 1.3.9).
    #[serde(default)]
    pub mode: Option<u32>,
    /// Other `key` or `key=value` options for the file system itself (`uid=…`, `nr_inodes=…`).
    #[serde(default)]
    pub options: Vec<String>,
}

/// Per-mount flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent mount attribute of the kernel")]
pub struct MountOptions {
    /// Nothing can be written through this mount.
    pub read_only: bool,
    /// `read_only` holds for the mounts below a recursive bind too (kernel 5.12).
    pub read_only_recursive: bool,
    /// Ignore setuid bits and file capabilities.
    pub no_suid: bool,
    /// Device nodes do not work.
    pub no_dev: bool,
    /// Nothing can be executed.
    pub no_exec: bool,
    /// Access times are always updated.
    pub strict_atime: bool,
}

impl MountOptions {
    /// `nosuid,noexec,nodev`.
    pub const fn confined() -> Self {
        Self { no_suid: true, no_dev: true, no_exec: true, ..Self::none() }
    }

    /// No flag at all.
    pub const fn none() -> Self {
        Self {
            read_only: false,
            read_only_recursive: false,
            no_suid: false,
            no_dev: false,
            no_exec: false,
            strict_atime: false,
        }
    }

    /// The same, read-only or not.
    pub const fn with_read_only(self, read_only: bool) -> Self {
        Self { read_only, ..self }
    }
}

/// How mount events travel between a mount and its copies (`mount_namespaces(7)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// Not at all, recursively: the default of binds.
    #[default]
    Rprivate,
    /// Not at all.
    Private,
    /// From the host into the container, recursively.
    Rslave,
    /// From the host into the container.
    Slave,
    /// Both ways, recursively.
    Rshared,
    /// Both ways.
    Shared,
}

impl Mount {
    /// A mount of `kind` on `destination`.
    pub fn new(destination: impl Into<PathBuf>, kind: MountKind, options: MountOptions) -> Self {
        Self { destination: destination.into(), kind, options }
    }

    /// A recursive private bind: what Compose's `volumes:` and the managed files are.
    pub fn bind(source: impl Into<PathBuf>, destination: impl Into<PathBuf>, read_only: bool) -> Self {
        let bind = BindMount {
            source: source.into(),
            subpath: None,
            recursive: true,
            propagation: Propagation::Rprivate,
        };
        Self::new(destination, MountKind::Bind(bind), MountOptions::none().with_read_only(read_only))
    }

    /// A tmpfs with Docker's flags for user mounts: `noexec,nosuid,nodev` (contract 1.3.9).
    pub fn tmpfs(destination: impl Into<PathBuf>, tmpfs: TmpfsMount) -> Self {
        Self::new(destination, MountKind::Tmpfs(tmpfs), MountOptions::confined())
    }

    /// How many components its destination has.
    pub(crate) fn depth(&self) -> usize {
        depth(&self.destination)
    }
}

fn depth(path: &Path) -> usize {
    path.components().count()
}
