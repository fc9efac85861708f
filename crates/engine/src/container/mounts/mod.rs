//! A container's user mounts (contract 2), from what was asked for to what is mounted.
//!
//! [`parse`] reads the two spellings, [`collect`] makes one list of all sources, [`image`] finds images, [`volumes`] makes and fills volumes when the
//! container is created, [`launch`] turns the list into mounts when it starts.

mod collect;
mod image;
mod launch;
mod parse;
mod propagation;
mod record;
mod tmpfs;
mod volumes;

pub use collect::collect;
pub use image::{find_images, image_view};
pub use launch::{check_sources, launch_mounts};
pub use parse::clean;
pub use record::{MountKind, MountRecord, ReadOnly};
pub use volumes::{fill_volumes, make_volumes};
