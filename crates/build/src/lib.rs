//! Dockerfile to image.
//!
//! Reading order: [`request`] says what to build, [`dockerfile`] turns text into instructions, [`runner`] and [`store`] are
//! the two seams to the rest of the engine (running a process in a file system, and keeping layers and images),
//! [`event`] is what a caller sees while it happens.
//!
//! This crate knows no HTTP, no Compose file and no container runtime, never prints and never reads the environment.

pub mod dockerfile;
pub mod event;
mod expand;
mod glob;
pub mod request;
pub mod runner;

pub use event::{BuildEvent, EventSink, OutputStream};
pub use request::{BuildRequest, Context, DockerfileSource, NamedContext, SecretSource};
pub use runner::{ExtraHost, NetworkMode, RunExit, RunMount, RunStep, RunnerError, StepRunner};
