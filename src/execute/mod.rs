//! Runs a plan: every step as soon as what it waits for is done. Takes no decisions about the project.
//!
//! `scheduler` walks the edges of a `schedule`, `rollouts` applies the declared policy when an update fails, `effects` turns a
//! step into calls, `wait` waits for readiness driven by `events`,
//! `build` translates builds for either kind of engine, `preflight` looks before anything is made.

mod build;
mod effects;
mod events;
mod failure;
mod interrupt;
mod preflight;
mod rollback;
mod rollouts;
mod schedule;
mod scheduler;
mod texts;
mod timings;
mod update_failure;
mod wait;
mod waiting;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::output::progress::Progress;

pub use events::{ContainerChange, ContainerEvents};
pub use failure::{ExecuteError, StepError};
pub use interrupt::Interrupt;
pub use preflight::check_ports;
pub use scheduler::run;
pub use timings::Timings;
pub use update_failure::{Outcome, UpdateFailure};

/// What running a plan needs.
#[derive(Clone)]
pub struct Runner {
    /// The engine.
    pub engine: Arc<Engine>,
    /// Where progress goes.
    pub progress: Arc<dyn Progress>,
    /// Project name.
    pub project: String,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Most steps at once.
    pub parallel: Option<usize>,
    /// Longest time for a wait of `--wait`.
    pub wait_timeout: Option<Duration>,
    /// Where the times of steps are noted, when somebody wants to know.
    pub timings: Option<Arc<Timings>>,
    /// No progress of pulls.
    pub quiet_pull: bool,
    /// Flags of builds that come from the command line.
    pub build: BuildFlags,
}

/// Flags of `build`.
#[derive(Clone, Debug, Default)]
pub struct BuildFlags {
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--pull`.
    pub pull: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// `--memory`, in bytes.
    pub memory: Option<i32>,
    /// `--build-arg`.
    pub args: std::collections::BTreeMap<String, String>,
}
