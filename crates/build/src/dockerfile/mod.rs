//! Dockerfile text to instructions (contract 8.1 and 8.2).
//!
//! The way of the text: [`directives`] look at the first comments, [`reader`] joins physical lines into
//! logical ones and collects heredocs, `instructions` gives each its meaning, [`stages`] groups them. Nothing
//! here expands variables or touches a file: a [`Dockerfile`] is what was written.

mod directives;
mod error;
mod flags;
mod heredoc;
mod instructions;
mod model;
pub(crate) mod mount;
mod reader;
mod stages;
mod suggest;
mod words;

pub use error::{DockerfileError, Problem};
pub use heredoc::Heredoc;
pub(crate) use instructions::parse_trigger;
pub use model::{
    Add, ArgDefinition, CommandLine, Copy, Dockerfile, Healthcheck, HealthcheckTest, Instruction,
    InstructionKind, Run, Source, Stage, Transfer,
};
pub use stages::parse;
pub(crate) use suggest::closest;

/// Longest physical line in bytes (contract 8.1.2).
pub const MAX_LINE_BYTES: usize = 65_535;

/// Largest Dockerfile in bytes. Real ones are a few kilobytes; the bound keeps a mistaken path from filling
/// the memory.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// Most stages of one file. Real ones have a handful; the bound keeps walks over them short.
pub const MAX_STAGES: usize = 1_000;
