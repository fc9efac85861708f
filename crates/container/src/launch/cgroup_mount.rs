//! The container's view of its cgroups at `/sys/fs/cgroup` (contract 1.3.4).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat, symlinkat};

use super::mount_api::{attach, copy_mount, new_mount, set_options};
use crate::cgroup::Cgroup;
use crate::spec::MountOptions;

/// cgroup2, or one bind per v1 hierarchy in a tmpfs. With the host's cgroup namespace on v2 the host's whole
/// tree is shown, as in Docker; a new mount of it there would reset options of the host's (`nsdelegate`), so it is bound.
pub(super) fn mount(
    cgroup: &Cgroup,
    own_namespace: bool,
    options: MountOptions,
    target: BorrowedFd<'_>,
) -> io::Result<()> {
    let Some(unified) = cgroup.unified_directory() else { return mount_legacy(cgroup, options, target) };
    if own_namespace {
        return attach(new_mount("cgroup2", "cgroup", &[], options)?.as_fd(), target);
    }
    let top = unified.ancestors().find(|path| path.join("cgroup.controllers").exists() && !has_parent(path));
    bind(top.unwrap_or(unified), options, target)
}

/// Whether a cgroup directory is below another one.
fn has_parent(path: &Path) -> bool {
    path.parent().is_some_and(|parent| parent.join("cgroup.controllers").exists())
}

fn mount_legacy(cgroup: &Cgroup, options: MountOptions, target: BorrowedFd<'_>) -> io::Result<()> {
    let writable = options.with_read_only(false);
    let tmpfs = new_mount("tmpfs", "tmpfs", &[("mode", Some("755"))], writable)?;
    for (name, controllers, _) in cgroup.legacy_directories() {
        mkdirat(&tmpfs, name, Mode::from_raw_mode(0o755))?;
        for alias in controllers.iter().filter(|controller| *controller != name) {
            symlinkat(name, &tmpfs, alias)?;
        }
    }
    attach(tmpfs.as_fd(), target)?;
    for (name, _, path) in cgroup.legacy_directories() {
        let place = openat(&tmpfs, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        bind(path, options, place.as_fd())?;
    }
    set_options(tmpfs.as_fd(), options, false)
}

fn bind(source: &Path, options: MountOptions, target: BorrowedFd<'_>) -> io::Result<()> {
    let source: OwnedFd = openat(CWD, source, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let copy = copy_mount(source.as_fd(), false)?;
    set_options(copy.as_fd(), options, false)?;
    attach(copy.as_fd(), target)
}
