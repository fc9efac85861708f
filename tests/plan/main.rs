//! Plans: what is planned in a hundred situations, and that plans lead where they should from any situation.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cases;
mod command;
mod edits;
mod model;
mod properties;
