//! What has to be done to a file system, with every decision taken: no variables, no relative paths.

use crate::dockerfile::mount::{CacheMount, SecretMount};
use crate::runner::NetworkMode;

/// Where files come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// The build context.
    Context,
    /// The result of a stage, by index.
    Stage(usize),
    /// An image, as written.
    Image(String),
    /// A named context that is a directory.
    Directory(String),
}

/// One step that makes a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Run(RunOperation),
    Copy(CopyOperation),
    Workdir(WorkdirOperation),
}

impl Operation {
    /// Where it takes files from.
    pub fn origins(&self) -> Vec<&Origin> {
        match self {
            Self::Run(run) => run.mounts.iter().filter_map(PlannedMount::origin).collect(),
            Self::Copy(copy) => vec![&copy.origin],
            Self::Workdir(_) => Vec::new(),
        }
    }
}

/// `RUN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunOperation {
    pub argv: Vec<String>,
    /// In the order in which the variables were first set.
    pub env: Vec<(String, String)>,
    /// Proxy settings that were given as build arguments: they reach the process, never the cache key
    /// (contract 8.3.5).
    pub proxies: Vec<(String, String)>,
    pub cwd: String,
    pub user: String,
    pub network: NetworkMode,
    pub mounts: Vec<PlannedMount>,
}

/// One mount of a `RUN`; targets are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlannedMount {
    Bind {
        target: String,
        origin: Origin,
        source: String,
        writable: bool,
    },
    Cache {
        mount: CacheMount,
        initial: Option<(Origin, String)>,
    },
    Tmpfs {
        target: String,
        size: Option<u64>,
    },
    Secret(SecretMount),
    /// A heredoc that is a program of its own (contract 8.2.1).
    Script {
        target: String,
        body: String,
    },
}

impl PlannedMount {
    fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Bind { origin, .. } => Some(origin),
            Self::Cache { initial, .. } => initial.as_ref().map(|(origin, _)| origin),
            _ => None,
        }
    }
}

/// `COPY` and `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyOperation {
    pub origin: Origin,
    pub sources: Vec<CopySource>,
    /// Absolute and cleaned.
    pub destination: String,
    /// The destination was written with a `/` at its end, or several sources need a directory.
    pub into_directory: bool,
    pub chown: Option<String>,
    pub chmod: Option<String>,
    pub exclude: Vec<String>,
    pub link: bool,
    pub parents: bool,
    /// Local archives are unpacked (contract 8.4.8).
    pub unpack: bool,
}

/// One source of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CopySource {
    /// A path or wildcard below the origin's root, as written.
    Path(String),
    /// A file with this content.
    File { name: String, content: String },
}

/// `WORKDIR`: the directory must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkdirOperation {
    pub path: String,
    /// Who owns what has to be made (contract 8.2.7).
    pub user: String,
}
