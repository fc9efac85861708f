//! Looking into running containers from outside: resource use and processes.
//!
//! Reads cgroups and `/proc`; changes nothing and keeps nothing.

mod columns;
mod host_ps;
mod processes;
mod stats;

pub use processes::top;
pub use stats::{Sample, network_devices, statistics, total_memory};
