//! `cargo fuzz run dotenv`
#![no_main]

#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|text: &str| entries::dotenv_text(text));
