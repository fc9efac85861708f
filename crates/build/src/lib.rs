//! Dockerfile to image.
//!
//! The way of a build: a [`BuildRequest`] comes to [`Builder::build`]; `load` reads the files that it names,
//! [`dockerfile`] turns text into instructions, `plan` finds the stages that are needed and decides what each
//! step does (pure, no disk), `execute` carries the plan out, stages side by side, and makes the image.
//! `cache` is what one build leaves for the next, `tree` finds and checksums files, `copy` puts them into the
//! image.
//!
//! The seams to the rest of the engine are [`StepRunner`] (a process in a file system), [`ImagePuller`] (base
//! images) and [`wharf_image::store::ImageStore`]; [`event`] is what a caller sees while it happens.
//!
//! This crate knows no HTTP, no Compose file and no container runtime, never prints and never reads the
//! environment.

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
mod prepare;
mod puller;
pub mod request;
pub mod runner;
mod tree;

pub use builder::{Builder, BuiltImage, PruneOptions, Services};
pub use cache::CacheError;
pub use copy::CopyError;
pub use error::{BuildError, ImageError, PullError, StepError};
pub use event::{BuildEvent, EventSink, OutputStream};
pub use puller::{ImagePuller, PullSink};
pub use request::{BuildRequest, Context, DockerfileSource, NamedContext, SecretSource};
pub use runner::{ExtraHost, NetworkMode, OutputSink, RunExit, RunMount, RunStep, RunnerError, StepRunner};
pub use tree::TreeError;
