//! The engine against the real kernel, through its socket: each test starts one with its own root and its own network namespace.
//!
//! They need root, `ip`, `nsenter` and a static busybox; without these they say so and pass.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod adoption;
mod apparmor;
mod cgroups;
mod containers;
mod ending;
mod health;
mod leftovers;
mod networks;
mod refusals;
mod support;
mod volumes;
