//! The table of attributes against the schema, the document made from it, and what is really sent to an engine.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod compared;
mod document;
mod planned;
mod projects;
mod refused;
mod requests;
mod schema;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use wharf::project::attributes;

/// Rows for places that are no key of their own but merge in a way of their own.
const FURTHER: [&str; 1] = ["services.*.ulimits.*"];

#[test]
fn every_key_of_the_schema_has_a_row_and_every_row_a_key() {
    let keys: BTreeSet<String> =
        schema::paths().into_keys().filter(|path| !path.ends_with(".*") && !path.ends_with("[]")).collect();
    assert_eq!(keys.len(), 353, "the schema has changed: bring the table up to date, then this number");
    let rows: BTreeSet<String> = attributes::all().map(|row| row.path.to_owned()).collect();
    let missing: Vec<&String> = keys.difference(&rows).collect();
    assert!(missing.is_empty(), "keys of the schema without a row: {missing:#?}");
    let needless: Vec<&String> = rows.difference(&keys).filter(|p| !FURTHER.contains(&p.as_str())).collect();
    assert!(needless.is_empty(), "rows that no key of the schema needs: {needless:#?}");
    assert_eq!(attributes::all().count(), rows.len(), "a path has two rows");
}

#[test]
fn a_further_row_is_a_place_of_the_schema() {
    let places = schema::paths();
    assert!(FURTHER.iter().all(|path| places.contains_key(*path)), "{FURTHER:?}");
}
