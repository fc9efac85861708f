//! The Compose language: files in, project out.
//!
//! The way data takes: `read` finds and reads files, `yaml` turns them into trees with spans (`node`), `interpolate`
//! replaces variables, `compose` combines documents (include, extends, merge), `schema` validates, `canonical` makes short
//! forms long, and `decode` fills the typed `model`. Planning starts from [`model::Project`] and never looks at files again.
//! Nothing here knows an engine, prints, or (but for `environment`) reads the process environment.

mod decode;
mod dotenv;
pub mod diagnostic;
pub mod environment;
pub mod model;
pub mod node;
mod interpolate;
mod merge;
mod options;
mod path;
pub mod source;
mod spelling;
mod yaml;

pub use diagnostic::{Diagnostic, Label, LoadFailure, Severity};
pub use model::Project;
pub use options::LoadOptions;
pub use source::{SourceMap, Span};

/// A project and what the user should know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The project; its `sources` hold the texts that the warnings point into.
    pub project: Project,
    /// Warnings in the order they were found.
    pub warnings: Vec<Diagnostic>,
}
