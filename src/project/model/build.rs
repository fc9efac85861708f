//! `services.*.build`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Bytes, Environment, Extensions, FileReference, StringMap, Ulimit};
use crate::project::source::Span;

/// How to build a service's image (compose-surface 1.3).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    /// Context directory (absolute) or URL.
    pub context: String,
    /// Dockerfile, relative to the context.
    pub dockerfile: String,
    /// Dockerfile text; excludes `dockerfile`.
    pub dockerfile_inline: String,
    /// Extra privileges for the builder (`network.host`, `security.insecure`).
    pub entitlements: Vec<String>,
    /// Build arguments; `None` comes from the environment.
    pub args: Environment,
    /// Provenance attestation: a boolean or parameters, as text.
    pub provenance: String,
    /// SBOM attestation: a boolean or parameters, as text.
    pub sbom: String,
    /// SSH agents or keys, `id` or `id=path`.
    pub ssh: Vec<String>,
    /// Image labels.
    pub labels: StringMap,
    /// Cache sources.
    pub cache_from: Vec<String>,
    /// Cache destinations.
    pub cache_to: Vec<String>,
    /// Build without cache.
    pub no_cache: bool,
    /// Stages built without cache.
    pub no_cache_filter: Vec<String>,
    /// Named contexts.
    pub additional_contexts: StringMap,
    /// Refresh base images.
    pub pull: bool,
    /// Extra `/etc/hosts` entries, `host=address`.
    pub extra_hosts: Vec<String>,
    /// Isolation technology of the classic builder.
    pub isolation: String,
    /// Network of `RUN` steps.
    pub network: String,
    /// Stage to build.
    pub target: String,
    /// Build secrets; `target` is the secret's id.
    pub secrets: Vec<FileReference>,
    /// Size of `/dev/shm` in `RUN` steps.
    pub shm_size: Bytes,
    /// Further tags of the image.
    pub tags: Vec<String>,
    /// Limits of `RUN` steps.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Platforms to build for.
    pub platforms: Vec<String>,
    /// Run steps with extended privileges.
    pub privileged: bool,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}
