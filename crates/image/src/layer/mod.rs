//! Layers as directories: unpacking archives into them and writing archives from them.
//!
//! A layer directory is what overlayfs takes as a lower directory: only what the layer itself changes,
//! deletions as character devices 0:0, replaced directories marked opaque (contract 7.4). Owns the
//! translation in both directions; where layers are kept is the store's business.

mod compression;
mod copy_up;
mod error;
mod extract;
mod name;
mod pack;
mod place;
mod verify;
pub(crate) mod whiteout;

pub use compression::decoder;
pub(crate) use compression::gzip_encoder;
pub use error::LayerError;
pub use extract::{Deletions, Extracted, Rules, extract};
pub(crate) use pack::pack;
pub(crate) use verify::{HashingWriter, unpack_verified};
