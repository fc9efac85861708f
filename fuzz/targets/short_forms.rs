//! `cargo fuzz run short_forms`
#![no_main]

#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::short_forms(text));
