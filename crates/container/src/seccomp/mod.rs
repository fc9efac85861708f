//! System call filters: profiles as data, compiled to classic BPF by our own emitter (contract 1.7).
//!
//! Installing a filter is the business of the launch.

mod profile;

pub use profile::{Action, Argument, Comparison, Condition, KernelVersion, Profile, Rule};
