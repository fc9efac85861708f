//! The built-in engine: containers' life cycle, health, restarts, logs, events, and the API.
//!
//! [`Engine`] is the Rust face; `api` is the HTTP face and holds no decisions. Below both, one folder per concern.
//! The crate starts processes only through the monitor of `wharf_container`, never by itself.

pub mod activity;
pub mod api;
pub mod apparmor;
mod bridge;
pub mod build;
pub mod container;
mod core;
mod disk;
pub mod engine;
pub mod error;
pub mod events;
pub mod exec;
pub mod files;
pub mod filters;
pub mod health;
pub mod image;
pub mod io;
pub mod logs;
pub mod model;
mod names;
pub mod network;
pub mod observe;
pub mod paths;
pub mod personality;
mod process;
mod stdio;
pub mod system;
pub mod volume;

pub use engine::Engine;
pub use error::{Error, ErrorKind, Result};
pub use paths::EnginePaths;
pub use personality::{
    StartError, Status, WorkerOptions, ensure_running, run_monitor, run_worker, status, stop,
};
