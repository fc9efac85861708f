//! The data of the Docker Engine API (version 1.51) as plain Rust types.
//!
//! Owns field names, JSON shapes and nothing else: no I/O, no defaults that depend on the host, no decisions.
//! Field documentation is left to Docker's API reference where the meaning is the same.
#![expect(missing_docs, reason = "the fields carry the names and the meaning of Docker's API reference")]

pub mod build;
pub mod config;
pub mod endpoint;
pub mod event;
pub mod exec;
pub mod host_config;
pub mod image;
pub mod inspect;
pub mod json;
pub mod mount;
pub mod network;
pub mod progress;
pub mod stats;
pub mod summary;
pub mod system;
pub mod volume;

pub use config::{Config, CreateBody, HealthConfig};
pub use endpoint::{EndpointIpam, EndpointSettings, NetworkingConfig};
pub use host_config::{HostConfig, PortBinding, RestartPolicy};
pub use mount::{Mount, MountPoint};
