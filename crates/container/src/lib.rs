//! One container on Linux, and the monitor that is the parent of all of them.
//!
//! The way of a launch through this crate:
//!
//! 1. The engine's worker describes a container as plain data ([`spec`]) and sends it over [`client::MonitorLink`].
//! 2. The [`monitor`], a small single-threaded process, forks a child for it and passes the spec on.
//! 3. The child sets itself up and executes the command; it reports a failure as [`LaunchFailure`].
//! 4. The monitor tells the worker, keeps the streams over a restart of the worker, reaps, and tells again.
//!
//! Beside it are what the engine needs around a container: [`process`], [`stdio`], [`signal`],
//! [`capabilities`].
//!
//! No async runtime, no threads, nothing about images or networks. All `unsafe` of the project is here, in
//! `sys` and [`namespace`].

pub mod bind;
pub mod capabilities;
pub mod cgroup;
pub mod client;
pub mod fsroot;
mod launch;
mod launch_failure;
pub mod monitor;
pub mod namespace;
pub mod overlay;
pub mod process;
pub mod pty;
pub mod seccomp;
pub mod signal;
pub mod spec;
pub mod stdio;
mod sys;
pub mod user;

pub use launch_failure::{LaunchFailure, Stage};
