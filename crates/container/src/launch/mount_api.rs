//! The mount calls by descriptor (kernel 5.2; attributes 5.12) in the few shapes that a container needs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};

use crate::spec::MountOptions;
use crate::sys::{self, MountAttributes};

/// An option of a file system: `key=value`, or a bare key.
pub(super) type FileSystemOption<'a> = (&'a str, Option<&'a str>);

/// A new file system of type `kind`, not attached anywhere yet. `source` is only a name, for `/proc/mounts`.
pub(super) fn new_mount(
    kind: &str,
    source: &str,
    settings: &[FileSystemOption<'_>],
    options: MountOptions,
) -> io::Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "source", source)?;
    for (key, value) in settings {
        match value {
            Some(value) => fsconfig_set_string(&context, *key, *value)?,
            None => fsconfig_set_flag(&context, *key)?,
        }
    }
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes(options))?)
}

/// A copy of the mount at `source`, not attached anywhere yet; with what is mounted below when `recursive`.
pub(crate) fn copy_mount(source: BorrowedFd<'_>, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    Ok(open_tree(source, "", flags)?)
}

/// Attaches a mount to `target`, whatever has become of the target's path since it was opened.
pub(crate) fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(mount, "", target, "", flags)?)
}

/// Sets the flags of `options` on a copied mount; those not in it stay as they are.
pub(crate) fn set_options(mount: BorrowedFd<'_>, options: MountOptions, recursive: bool) -> io::Result<()> {
    let set = u64::from(attributes(options).bits());
    if set == 0 {
        return Ok(());
    }
    sys::mount_setattr(mount, MountAttributes { set, ..MountAttributes::default() }, recursive)
}

/// Sets the propagation (`MS_PRIVATE` and so on) of a mount.
pub(super) fn set_propagation(mount: BorrowedFd<'_>, propagation: u64, recursive: bool) -> io::Result<()> {
    sys::mount_setattr(mount, MountAttributes { propagation, ..MountAttributes::default() }, recursive)
}

/// Covers `target` with a read-only copy of itself.
pub(super) fn cover_read_only(target: BorrowedFd<'_>) -> io::Result<()> {
    let copy = copy_mount(target, true)?;
    set_options(copy.as_fd(), MountOptions::none().with_read_only(true), true)?;
    attach(copy.as_fd(), target)
}

fn attributes(options: MountOptions) -> MountAttrFlags {
    let flags = [
        (options.read_only, MountAttrFlags::MOUNT_ATTR_RDONLY),
        (options.no_suid, MountAttrFlags::MOUNT_ATTR_NOSUID),
        (options.no_dev, MountAttrFlags::MOUNT_ATTR_NODEV),
        (options.no_exec, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        (options.strict_atime, MountAttrFlags::MOUNT_ATTR_STRICTATIME),
    ];
    flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| flag).collect()
}
