//! The stock `docker` client against the engine's socket: what users and their tools do all day.
//!
//! Each test starts an engine of its own, in its own root and network namespace, and imports a static busybox into it.
//! Without root, the client, a static busybox or the namespace tools, the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attacks;
mod build;
mod containers;
mod files;
mod image_mounts_reference;
mod images;
mod lifecycle_reference;
mod networks;
mod refusals;
mod restart_reference;
mod side_by_side;
mod streams;
mod support;
mod volumes;
mod volumes_reference;
