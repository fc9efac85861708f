//! Top-level volumes, secrets, configs and models.

use serde::{Deserialize, Serialize};

use super::{Extensions, StringMap};
use crate::project::source::Span;

/// A named volume (compose-surface 1.7).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Real name.
    pub name: String,
    /// Driver; empty is `local`.
    pub driver: String,
    /// Driver options.
    pub driver_opts: StringMap,
    /// Exists already and is not managed by the project.
    pub external: bool,
    /// Labels.
    pub labels: StringMap,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where its key was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}

/// A secret or a config: text from a file, a variable or the compose file itself (compose-surface 1.8).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileObject {
    /// Real name.
    pub name: String,
    /// File with the content, absolute.
    pub file: String,
    /// Variable with the content.
    pub environment: String,
    /// The content itself (configs only).
    pub content: String,
    /// Exists already and is not managed by the project.
    pub external: bool,
    /// Labels.
    pub labels: StringMap,
    /// Driver (clusters only).
    pub driver: String,
    /// Driver options.
    pub driver_opts: StringMap,
    /// Template driver (clusters only).
    pub template_driver: String,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// The value of `environment`'s variable when the project was loaded; never printed.
    #[serde(skip)]
    pub environment_value: Option<String>,
    /// Where its key was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}

/// A language model served beside the project.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// Real name.
    pub name: String,
    /// Model reference.
    pub model: String,
    /// Context size in tokens.
    pub context_size: i64,
    /// Flags of the model runner.
    pub runtime_flags: Vec<String>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where its key was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}
