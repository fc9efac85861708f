//! Parsed stages to what must be done (contract 8.2, 8.3, 8.6, 8.8): pure, no disk, no clock.
//!
//! [`graph`] finds which stages are needed and in which order, [`arguments`] knows the build arguments,
//! [`stage`] walks one stage's instructions with a [`state::StageState`] and writes down its
//! [`operation::Operation`]s, image configuration and history.

pub(crate) mod arguments;
pub(crate) mod graph;
mod history;
mod metadata;
pub(crate) mod operation;
#[cfg(test)]
mod parity_tests;
mod run;
pub(crate) mod stage;
pub(crate) mod state;
mod transfer;

use crate::dockerfile::Problem;
use crate::expand::ExpandError;

impl From<ExpandError> for Problem {
    fn from(error: ExpandError) -> Self {
        Self::new(error.to_string())
    }
}

/// The `PATH` of images that set none (contract 8.2.12).
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
