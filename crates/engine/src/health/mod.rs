//! Health of running containers (contract 4).
//!
//! [`machine`] decides, without clock or I/O; [`settings`] says what was asked for; a command is run by `exec`, an [`endpoint`] asked by
//! [`request`]; [`budget`] bounds restarts of what is unhealthy.

pub mod budget;
pub mod endpoint;
pub mod machine;
pub mod request;
pub mod settings;

pub use machine::{HealthStatus, Machine, ProbeResult};
pub use settings::{HealthSettings, Test};
