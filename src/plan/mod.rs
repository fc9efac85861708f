//! From what is wanted and what is there to what to do. Pure: no I/O, no clock; the same input gives the same plan.
//!
//! `desired` translates a project, `observed` reads an engine's lists, `planner` compares the two, `step` is the result
//! and `text` its stable printed form; `changes` explains it to readers. `execute` runs plans and takes no decisions of its own.

pub mod changes;
pub mod desired;
pub mod graph;
pub mod hash;
pub mod hooks;
pub mod labels;
pub mod names;
pub mod observed;
pub mod planner;
pub mod rollout;
pub mod step;
mod text;

pub use desired::{Desired, DesiredError};
pub use observed::Observed;
pub use step::{Action, Change, ContainerTarget, Plan, Readiness, Reason, Step, StepId};
