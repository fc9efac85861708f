//! The Compose language: files in, project out.
//!
//! The way data takes: `read` finds and reads files, `yaml` turns them into trees with spans (`node`), `combine` brings
//! documents together (`interpolate`, include, extends, `merge`, `schema`, `canonical`), `finish` completes the tree and
//! decodes it into the typed `model`. `origin` remembers on the way how values came about, if that is wanted. `attributes`
//! is the table of the language that these passes read. Planning starts from [`model::Project`] and never looks at files
//! again. `render` prints a project, `provenance` prints it with the places of its values. Nothing here talks to an engine,
//! prints on its own, or (but for `environment`) reads the process environment.

pub mod attributes;
mod canonical;
mod combine;
pub mod command_line;
mod decode;
pub mod diagnostic;
pub mod dotenv;
pub mod environment;
mod errors;
mod explain;
mod finish;
pub mod interpolate;
pub mod limits;
mod load;
mod mapping;
mod merge;
pub mod model;
pub mod node;
mod options;
pub mod origin;
mod path;
pub mod pattern;
pub mod provenance;
mod read;
pub mod render;
mod schema;
pub mod source;
pub mod spelling;
mod warnings;
pub mod yaml;

pub use diagnostic::{Diagnostic, Label, LoadFailure, Severity};
pub use interpolate::{Variable, variables};
pub use load::{Inputs, Loaded, LoadedTree, load, load_inputs, load_tree};
pub use model::Project;
pub use options::LoadOptions;
pub use read::remote::{OCI, Remote};
pub use source::{SourceMap, Span};
