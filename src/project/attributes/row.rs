//! The row type, and the words in which the tables are written.

use super::engine_kind::EngineKind;
use super::support::Support;
use crate::project::interpolate::Cast;
use crate::project::merge::{Key, Rule};

/// What is known of one attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Keys from the root; `*` is a name that the user chose, `[]` an item of a list.
    pub path: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What holds without it, as text; empty where that is nothing.
    pub default: &'static str,
    /// How a later file changes an earlier one, where that is not the ordinary way: maps merge, lists are appended,
    /// anything else is replaced.
    pub merge: Option<Rule>,
    /// What makes two items of its list the same; the later takes the place of the earlier.
    pub unique: Option<Key>,
    /// What text (of a variable, say) is turned into.
    pub cast: Option<Cast>,
    /// The first version of Docker's API that has it, where not every version in use does.
    pub since: Option<(u32, u32)>,
    built_in: Support,
    docker: Support,
}

/// A row that both engines honour, with nothing special about it.
pub const fn row(path: &'static str, about: &'static str) -> Attribute {
    Attribute {
        path,
        about,
        default: "",
        merge: None,
        unique: None,
        cast: None,
        since: None,
        built_in: Support::Honoured,
        docker: Support::Honoured,
    }
}

impl Attribute {
    pub(super) const fn default(self, default: &'static str) -> Attribute {
        Attribute { default, ..self }
    }

    pub(super) const fn merge(self, rule: Rule) -> Attribute {
        Attribute { merge: Some(rule), ..self }
    }

    pub(super) const fn unique(self, key: Key) -> Attribute {
        Attribute { unique: Some(key), ..self }
    }

    pub(super) const fn cast(self, cast: Cast) -> Attribute {
        Attribute { cast: Some(cast), ..self }
    }

    pub(super) const fn since(self, major: u32, minor: u32) -> Attribute {
        Attribute { since: Some((major, minor)), ..self }
    }

    pub(super) const fn both(self, support: Support) -> Attribute {
        Attribute { built_in: support, docker: support, ..self }
    }

    pub(super) const fn built_in(self, built_in: Support) -> Attribute {
        Attribute { built_in, ..self }
    }

    pub(super) const fn docker(self, docker: Support) -> Attribute {
        Attribute { docker, ..self }
    }

    /// What an engine makes of it.
    pub const fn support(&self, engine: EngineKind) -> Support {
        match engine {
            EngineKind::BuiltIn => self.built_in,
            EngineKind::Docker { .. } => self.docker,
        }
    }

    /// Whether an engine is too old to know it.
    pub fn is_newer_than(&self, engine: EngineKind) -> bool {
        match (self.since, engine) {
            (Some(since), EngineKind::Docker { api }) => api < since,
            _ => false,
        }
    }
}
