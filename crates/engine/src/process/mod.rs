//! Processes that the monitor runs for this engine: containers, execs, probes, build steps.
//!
//! Owns the link to the monitor and who waits for which answer. It knows nothing of what a process is for.

mod runner;

pub use runner::{Adoption, LaunchError, Process, Processes};
