//! `cargo fuzz run interpolation`
#![no_main]

#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::interpolation(text));
