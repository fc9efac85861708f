//! Variables as parts of values.

use std::collections::BTreeMap;

use crate::project::source::Span;

/// Where variables were set that do not come from the process environment, by name.
pub type Sources = BTreeMap<String, VariableSource>;

/// A text with variables, and those that gave the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpolation {
    /// The text as it is written.
    pub template: String,
    /// The variables that were looked up, in the order of the text.
    pub variables: Vec<VariableUse>,
}

/// One variable in one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableUse {
    /// Its name.
    pub name: String,
    /// Its value; `None` without one, and where only its being set counts (`${NAME:+text}`).
    pub value: Option<String>,
    /// Where it was set; `None`: nowhere.
    pub source: Option<VariableSource>,
    /// The default of the text, when that was taken.
    pub default: Option<String>,
}

/// Where a variable was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableSource {
    /// In the environment of the process.
    Process,
    /// In an env file.
    File(Span),
    /// By Wharf: the project's name.
    ProjectName,
}
