//! Which of the two kinds of engine a project runs on.

use std::fmt;

/// The engine, as far as the table has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// Wharf's own, here or elsewhere.
    BuiltIn,
    /// A Docker Engine, or another one that speaks its API.
    Docker {
        /// Major and minor number of the API version spoken with it.
        api: (u32, u32),
    },
}

impl fmt::Display for EngineKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            EngineKind::BuiltIn => "the built-in engine",
            EngineKind::Docker { .. } => "a Docker Engine",
        })
    }
}
