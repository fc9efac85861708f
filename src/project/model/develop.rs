//! `services.*.develop` (watch rules) and life cycle hooks.

use serde::{Deserialize, Serialize};

use super::{Command, Environment, Extensions};
use crate::project::source::Span;

/// `develop`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Develop {
    /// Watch rules.
    pub watch: Vec<Watch>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
}

/// One watch rule (compose-surface 1.5).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// Watched path, absolute.
    pub path: String,
    /// `rebuild`, `sync`, `restart`, `sync+restart` or `sync+exec`.
    pub action: String,
    /// Where to sync to in the container.
    pub target: String,
    /// What `sync+exec` runs.
    pub exec: Hook,
    /// Patterns watched.
    pub include: Vec<String>,
    /// Patterns not watched.
    pub ignore: Vec<String>,
    /// Sync once at the start.
    pub initial_sync: bool,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}

/// A command run at a point of a container's life: `pre_start`, `post_start`, `pre_stop`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// The command.
    pub command: Command,
    /// Image of a `pre_start` container; empty: the service's.
    pub image: String,
    /// User.
    pub user: String,
    /// With extended privileges.
    pub privileged: bool,
    /// Working directory.
    pub working_dir: String,
    /// Further variables.
    pub environment: Environment,
    /// `pre_start` only: once per replica.
    pub per_replica: bool,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where it was written.
    #[serde(rename = "\0span", skip_serializing)]
    pub span: Span,
}
