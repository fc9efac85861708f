//! Plans for each kind of command.

mod containers;
mod down;
mod images;
mod lifecycle;
mod orphans;
mod pre_start;
mod resources;
mod rollout;
#[cfg(test)]
mod rollout_tests;
mod starts;
#[cfg(test)]
mod tests;
mod up;

pub use down::{DownOptions, down};
pub use lifecycle::{Lifecycle, lifecycle, remove_stopped};
pub use up::up;
