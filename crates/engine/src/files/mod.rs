//! Files of containers from outside: `docker cp`, `export`, `diff`.
//!
//! Works on a [`View`] of a container's root and on tar archives; every path inside is resolved by the kernel below the root's
//! descriptor. Knows nothing of the life cycle: the caller says what to look at and keeps the container still where that matters.

mod changes;
mod pack;
mod stat;
mod unpack;
mod view;

pub use changes::changes;
pub use pack::{archive_name, pack};
pub use stat::path_stat;
pub use unpack::{UnpackRules, unpack};
pub use view::{View, ViewMount, remove_views};
