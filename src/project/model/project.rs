//! The whole project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Extensions, FileObject, Model, Network, Service, Volume};
use crate::project::node::Node;
use crate::project::origin::Origins;
use crate::project::pattern;
use crate::project::source::{SourceMap, Span};

/// A loaded Compose project.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Project {
    /// Project name, normalised (compose-surface 3.2).
    pub name: String,
    /// Active services by name.
    #[serde(serialize_with = "super::always")]
    pub services: BTreeMap<String, Service>,
    /// Networks by key; `Network::name` is the real name.
    pub networks: BTreeMap<String, Network>,
    /// Named volumes by key; `Volume::name` is the real name.
    pub volumes: BTreeMap<String, Volume>,
    /// Secrets by key.
    pub secrets: BTreeMap<String, FileObject>,
    /// Configs by key.
    pub configs: BTreeMap<String, FileObject>,
    /// Models by key.
    pub models: BTreeMap<String, Model>,
    /// Top-level `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,

    /// Services whose profiles are not active; the names count for orphan detection.
    #[serde(skip)]
    pub disabled_services: BTreeMap<String, Service>,
    /// The services that were named to load, patterns expanded; empty when none was.
    #[serde(skip)]
    pub selected: BTreeSet<String>,
    /// Active profiles.
    #[serde(skip)]
    pub profiles: Vec<String>,
    /// Project directory, absolute.
    #[serde(skip)]
    pub directory: PathBuf,
    /// The compose files, absolute (`-` for standard input).
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// Files given with `--env-file`, absolute.
    #[serde(skip)]
    pub env_files: Vec<PathBuf>,
    /// Variables for interpolation: the process environment over `.env`.
    #[serde(skip)]
    pub environment: BTreeMap<String, String>,
    /// The texts that spans point into.
    #[serde(skip)]
    pub sources: SourceMap,
    /// How the values of `tree` came about; empty unless the caller asked for it.
    #[serde(skip)]
    pub origins: Origins,
    /// The merged tree the typed fields were read from, with a span at every node.
    #[serde(skip)]
    pub tree: Node,
}

impl Project {
    /// Where the value at `path` was written, for example `["services", "web", "image"]`. List items go by number.
    pub fn locate(&self, path: &[&str]) -> Option<Span> {
        let mut node = &self.tree;
        for step in path {
            node = node.child(step)?;
        }
        node.span.is_known().then_some(node.span)
    }

    /// Whether a name or pattern fits a service, active or not.
    pub fn names_service(&self, pattern: &str) -> bool {
        let mut names = self.services.keys().chain(self.disabled_services.keys());
        names.any(|name| pattern::matches(pattern, name))
    }

    /// Where the key at `path` was written.
    pub fn locate_key(&self, path: &[&str]) -> Option<Span> {
        let (key, parents) = path.split_last()?;
        let mut node = &self.tree;
        for step in parents {
            node = node.child(step)?;
        }
        let span = node.as_mapping()?.get(*key)?.key_span;
        span.is_known().then_some(span)
    }

    /// A service that is active or not.
    pub fn any_service(&self, name: &str) -> Option<&Service> {
        self.services.get(name).or_else(|| self.disabled_services.get(name))
    }
}
