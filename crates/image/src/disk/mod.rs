//! File system primitives: operations confined below a directory, and files that appear whole or not at all.
//!
//! Owns no knowledge of images.

mod confined;
mod metadata;
mod spread;
mod write;

pub(crate) use confined::{ConfinedDirectory, Parent, remove_tree, split_path};
pub(crate) use metadata::{
    chmod, open_path, read_xattrs, set_owner, set_time_at, set_xattr, set_xattr_symlink,
};
pub(crate) use spread::spread_children;
pub(crate) use write::{TemporaryName, write_whole};
