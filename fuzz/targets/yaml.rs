//! `cargo fuzz run yaml`
#![no_main]

#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::yaml_text(text));
