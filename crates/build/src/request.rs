//! What a caller asks for. Plain data; nothing here touches a disk.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;

use crate::runner::{ExtraHost, NetworkMode};

/// One image to build.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// Where `COPY` and `ADD` take files from.
    pub context: Context,
    /// Where the instructions are.
    pub dockerfile: DockerfileSource,
    /// Name or number of the stage to build; the last one when `None` (contract 8.6.1).
    pub target: Option<String>,
    /// Values for `ARG`, in the order given.
    pub build_args: IndexMap<String, String>,
    /// Labels added to the image after those of the Dockerfile.
    pub labels: BTreeMap<String, String>,
    /// Names that will point to the image.
    pub tags: Vec<String>,
    /// `--mount=type=secret` values by id. They reach no layer, no history, no cache key and no event.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Compose's `additional_contexts`: they replace stages and images of the same name (contract 8.6.3).
    pub named_contexts: BTreeMap<String, NamedContext>,
    /// `os/arch[/variant]` of the image; the host's when `None`.
    pub platform: Option<String>,
    /// Look nothing up in the cache (results are still stored).
    pub no_cache: bool,
    /// Names or numbers of stages whose results are not looked up in the cache.
    pub no_cache_stages: Vec<String>,
    /// Ask the registry for base images even when they are present.
    pub pull: bool,
    /// Network of `RUN` steps that name none.
    pub network: NetworkMode,
    /// Whether a `RUN --network=host` in the Dockerfile is granted (the entitlement `network.host`, contract
    /// 8.2.4).
    pub allow_host_network: bool,
    /// Lines added to `/etc/hosts` during `RUN`.
    pub extra_hosts: Vec<ExtraHost>,
}

impl BuildRequest {
    /// A request with Docker's defaults: `Dockerfile` in the context, last stage, cache on, nothing else.
    pub fn new(context: Context) -> Self {
        Self {
            context,
            dockerfile: DockerfileSource::default(),
            target: None,
            build_args: IndexMap::new(),
            labels: BTreeMap::new(),
            tags: Vec::new(),
            secrets: BTreeMap::new(),
            named_contexts: BTreeMap::new(),
            platform: None,
            no_cache: false,
            no_cache_stages: Vec::new(),
            pull: false,
            network: NetworkMode::Default,
            allow_host_network: false,
            extra_hosts: Vec::new(),
        }
    }
}

/// Where the files of a build come from.
#[derive(Debug, Clone)]
pub enum Context {
    /// A directory on this host, read in place and never written to. A context that arrived as a tar stream
    /// is unpacked by the caller first. Owner and group of its files count as 0 (contract 8.4.3).
    Directory(PathBuf),
    /// No files: only a Dockerfile.
    Empty,
}

/// Where the Dockerfile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DockerfileSource {
    /// A path relative to the context, or an absolute path on this host.
    /// `Dockerfile` falls back to `dockerfile` (contract 8.5.4).
    Path(PathBuf),
    /// The text itself (Compose's `dockerfile_inline`).
    Inline(String),
}

impl Default for DockerfileSource {
    fn default() -> Self {
        Self::Path(PathBuf::from("Dockerfile"))
    }
}

/// What a named context stands for (contract 8.6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedContext {
    /// A directory on this host.
    Directory(PathBuf),
    /// An image reference (`docker-image://…` without the scheme).
    Image(String),
}

/// Where a build secret's value is.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file on this host, read when a step asks for it.
    File(PathBuf),
    /// The value.
    Value(Vec<u8>),
}

impl std::fmt::Debug for SecretSource {
    /// Values stay out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Value(_) => formatter.write_str("Value(…)"),
        }
    }
}
