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

use std::collections::HashMap;
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
type Column<T> = Vec<(&'static str, T)>;

/// A column by the last step of the paths: every text of a project is looked up, and hardly any has a row.
type Lookup<T> = HashMap<&'static str, Column<T>>;

static RULES: LazyLock<Lookup<Rule>> = LazyLock::new(|| by_last_step(column(|row| row.merge)));
static CASTS: LazyLock<Lookup<Cast>> = LazyLock::new(|| by_last_step(column(|row| row.cast)));
static KEYS: LazyLock<Column<Key>> = LazyLock::new(|| column(|row| row.unique));

fn column<T>(fact: fn(&Attribute) -> Option<T>) -> Column<T> {
    all().filter_map(|row| Some((row.path, fact(row)?))).collect()
}

fn by_last_step<T>(column: Column<T>) -> Lookup<T> {
    let mut lookup = Lookup::new();
    for (path, fact) in column {
        let last = path.rsplit('.').next().unwrap_or(path);
        lookup.entry(last).or_default().push((path, fact));
    }
    lookup
}

fn at<T: Copy>(lookup: &Lookup<T>, trail: &Trail<'_>) -> Option<T> {
    let rows = [trail.last(), "*"].into_iter().filter_map(|step| lookup.get(step)).flatten();
    rows.into_iter().find(|(path, _)| trail.matches(path)).map(|(_, fact)| *fact)
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
