//! The Compose schema (`schema/compose-spec.json`, pinned) checked against a tree.
//!
//! An own validator, so that each error has the place of the value and a hint; the words are those Compose uses.

mod definition;
mod hints;
mod shapes;
mod validator;

use std::sync::LazyLock;

use super::diagnostic::Diagnostic;
use super::node::Node;
pub use hints::{did_you_mean, nearest};

use definition::Schema;

/// The top-level keys under which names stand.
pub const SECTIONS: [&str; 6] = ["services", "networks", "volumes", "secrets", "configs", "models"];

static COMPOSE: LazyLock<Schema> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../schema/compose-spec.json"))
        .unwrap_or_else(|error| unreachable!("the schema in the executable is covered by tests: {error}"))
});

/// Everything the schema says against a tree, in the order of the file.
pub fn validate(root: &Node) -> Vec<Diagnostic> {
    validator::Validator::new(&COMPOSE).validate(root)
}

#[cfg(test)]
mod tests;
