//! The scenario runner: `text` reads scenarios, `column` knows the tools, `run` takes the steps, `expect` judges.

mod column;
mod expect;
mod run;
mod text;

pub use column::Column;
pub use run::run;
pub use text::all;
