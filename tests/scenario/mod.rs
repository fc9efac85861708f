//! The scenario runner: `text` reads scenarios, `column` knows the tools, `run` takes the steps, `expect` judges, `matrix`
//! tells of all runs.

mod column;
mod expect;
pub mod matrix;
mod run;
mod text;

pub use column::{Column, Tool};
pub use run::run;
pub use text::{Need, Scenario, all};

/// Host and port of the registry that has the tests' images, on loopback.
pub fn registry() -> Option<String> {
    Some(std::env::var("WHARF_TEST_MIRROR").ok()?.strip_prefix("http://")?.to_owned())
}
