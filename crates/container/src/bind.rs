//! Binding one open file or directory onto another, for views of a container from outside of it.
//!
//! Both are descriptors: nobody can put something else in the place of either (contract 10.3, GHSA-rg2x-37c3-w2rh).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::launch::mount_api::{attach, copy_mount, set_options};
use crate::spec::MountOptions;

/// Mounts what `source` names, without the mounts below it, on `target` (kernel 5.12).
///
/// # Errors
/// What `open_tree(2)`, `mount_setattr(2)` and `move_mount(2)` say. Nothing is mounted then.
pub fn bind(source: BorrowedFd<'_>, target: BorrowedFd<'_>, read_only: bool) -> io::Result<()> {
    let copy = copy_mount(source, false)?;
    set_options(copy.as_fd(), MountOptions::none().with_read_only(read_only), false)?;
    attach(copy.as_fd(), target)
}
