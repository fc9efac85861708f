//! Dockerfile to image.
//!
//! Reading order: [`request`] says what to build, [`dockerfile`] turns text into instructions, [`runner`] and [`store`] are
//! the two seams to the rest of the engine (running a process in a file system, and keeping layers and images),
//! [`event`] is what a caller sees while it happens.
//!
//! This crate knows no HTTP, no Compose file and no container runtime, never prints and never reads the environment.

mod builder;
mod cache;
mod copy;
pub mod dockerfile;
mod error;
pub mod event;
mod execute;
mod expand;
mod glob;
mod load;
mod paths;
mod plan;
mod puller;
pub mod request;
pub mod runner;
mod tree;

pub use builder::{Builder, BuiltImage, Services};
pub use cache::CacheError;
pub use copy::CopyError;
pub use error::{BuildError, ImageError, PullError, StepError};
pub use event::{BuildEvent, EventSink, OutputStream};
pub use puller::{ImagePuller, PullSink};
pub use request::{BuildRequest, Context, DockerfileSource, NamedContext, SecretSource};
pub use runner::{ExtraHost, NetworkMode, OutputSink, RunExit, RunMount, RunStep, RunnerError, StepRunner};
pub use tree::TreeError;
