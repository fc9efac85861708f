//! The root file system: mounting it, switching to it, making it read-only.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_bind_recursive, mount_change, unmount};
use rustix::process::{chdir, fchdir, pivot_root};

use super::error::{At, SetupError};
use super::mount_api;
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::overlay::mount_overlay;
use crate::spec::{MountOptions, RootFilesystem};

const STAGE: Stage = Stage::RootFilesystem;

/// Mounts the root file system in this process's mount namespace, which no longer tells the host anything.
pub(super) fn mount(root: &RootFilesystem) -> Result<Root, SetupError> {
    let slave = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    mount_change("/", slave).at(STAGE, || "make the mounts private".into())?;
    let path = match root {
        RootFilesystem::Overlay { lower, upper, work, target } => {
            mount_overlay(lower, Some((upper, work)), target)
                .at(STAGE, || format!("mount the overlay with the changes in {}", upper.display()))?;
            target
        }
        RootFilesystem::Directory { path } => {
            // pivot_root needs a mount.
            mount_bind_recursive(path, path).at(STAGE, || format!("mount {}", path.display()))?;
            path
        }
    };
    open(path)
}

fn open(path: &Path) -> Result<Root, SetupError> {
    Root::open(path).at(STAGE, || "open the root file system".into())
}

/// Makes `root` the root of this mount namespace and drops the old one with all its mounts.
pub(super) fn switch_to(root: &Root) -> Result<(), SetupError> {
    let what = || "switch to the root file system".to_owned();
    fchdir(root.as_fd()).at(STAGE, what)?;
    // The old root lands on top of the new one, where "." still is the new one's directory.
    pivot_root(".", ".").at(STAGE, what)?;
    unmount(".", UnmountFlags::DETACH).at(STAGE, || "drop the host's root".into())?;
    chdir("/").at(STAGE, what)
}

/// Contract 1.3.5.
pub(super) fn make_read_only(root: &Root) -> Result<(), SetupError> {
    mount_api::set_options(root.as_fd(), MountOptions::none().with_read_only(true), false)
        .at(STAGE, || "make the root file system read-only".into())
}
