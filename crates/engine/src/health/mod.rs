//! Health of running containers (contract 4).
//!
//! [`machine`] decides, without clock or I/O; [`settings`] says what was asked for; `probe` runs it.

pub mod machine;
pub mod settings;

pub use machine::{HealthStatus, Machine, ProbeResult};
pub use settings::{HealthSettings, Test};
