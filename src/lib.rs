//! Wharf: runs Compose projects, on a container engine of its own or on a Docker Engine.
//!
//! The way data takes through `wharf up`:
//!
//! 1. [`cli`]: arguments in; one file per command.
//! 2. [`project`]: compose files and `.env` in, a typed project out, with a place (file, line, column) for everything.
//! 3. [`plan`]: the project becomes what is wanted; an engine's lists become what is there; the difference is a plan.
//!    Pure, so that `--dry-run`, `plan` and `up` cannot disagree.
//! 4. [`execute`]: runs a plan, step by step, as concurrently as its edges allow. Takes no decisions.
//! 5. [`engine`]: the connection to an engine, which speaks Docker's API; the built-in one is started when needed.
//! 6. [`output`]: progress, tables, logs, diagnostics.
//!
//! [`registry`] sends to registries and fetches from them what is no image: a published project.
//!
//! The built-in engine lives in `crates/` and is reached only through its API; this crate starts it and knows no more.

pub mod cli;
mod dockerignore;
pub mod engine;
pub mod execute;
mod hex;
pub mod output;
pub mod plan;
pub mod project;
mod random;
pub mod registry;
