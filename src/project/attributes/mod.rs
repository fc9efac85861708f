//! One row per attribute of the Compose language: what it is, how it merges, and what becomes of it on an engine.
//!
//! Owns these facts, and `check`, which compares a project with them. The loader's passes read their part here
//! (`merge` its rules, `interpolate` its casts), and `docs/compatibility.md` is made from it; which forms a value may
//! have is the schema's knowledge. Acts on nothing: an engine is known here by its kind only.

mod cases;
mod check;
mod engine_kind;
mod row;
mod support;
mod table;
mod texts;

use std::sync::LazyLock;

pub use check::{Findings, Scope, check};
pub use engine_kind::EngineKind;
pub use row::Attribute;
pub use support::{Limit, Support};

pub use super::interpolate::Cast;
pub use super::merge::{Key, Rule};
use super::path::Trail;

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Attribute> {
    table::SECTIONS.iter().flat_map(|(_, rows)| rows.iter())
}

/// The rows by section of the language, each with its title.
pub fn sections() -> impl Iterator<Item = (&'static str, &'static [Attribute])> {
    table::SECTIONS.iter().copied()
}

/// A fact of some rows by their paths, in a form that is quick to look through.
type Column<T> = LazyLock<Vec<(&'static str, T)>>;

static RULES: Column<Rule> = LazyLock::new(|| column(|row| row.merge));
static CASTS: Column<Cast> = LazyLock::new(|| column(|row| row.cast));
static KEYS: Column<Key> = LazyLock::new(|| column(|row| row.unique));

fn column<T>(fact: fn(&Attribute) -> Option<T>) -> Vec<(&'static str, T)> {
    all().filter_map(|row| Some((row.path, fact(row)?))).collect()
}

fn at<T: Copy>(column: &Column<T>, trail: &Trail<'_>) -> Option<T> {
    column.iter().find(|(path, _)| trail.matches(path)).map(|(_, fact)| *fact)
}

/// How a place merges, where it does so in a way of its own.
pub(super) fn rule_at(trail: &Trail<'_>) -> Option<Rule> {
    at(&RULES, trail)
}

/// What text at a place is turned into.
pub(super) fn cast_at(trail: &Trail<'_>) -> Option<Cast> {
    at(&CASTS, trail)
}

/// The lists whose items have a key.
pub(super) fn keyed_lists() -> &'static [(&'static str, Key)] {
    &KEYS
}
