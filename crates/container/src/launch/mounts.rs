//! The mounts below the root, each onto a target that was opened inside the root (contract 1.3, 10.2).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags};

use super::error::{At, SetupError};
use super::mount_api::{self, FileSystemOption, attach, copy_mount, new_mount};
use super::{cgroup_mount, namespaces};
use crate::cgroup::Cgroup;
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::overlay::detached_layers;
use crate::spec::{
    BindMount, ContainerSpec, LayersMount, Mount, MountKind, MountOptions, Propagation, TmpfsMount,
};

const STAGE: Stage = Stage::Mounts;

/// `statfs` type of procfs (`linux/magic.h`).
const PROC_SUPER_MAGIC: i64 = 0x9fa0;
/// Files of procfs that may be covered (contract 1.3.10).
const COVERABLE: [&str; 10] = [
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
];

/// Contract 1.3.1.
const DEVPTS: [FileSystemOption<'_>; 4] =
    [("newinstance", None), ("ptmxmode", Some("0666")), ("mode", Some("0620")), ("gid", Some("5"))];

/// A procfs of this PID namespace that nobody else sees: settings are written through it, so that no mount
/// over the container's `/proc` can redirect them (contract 10.2, CVE-2025-52881).
pub(super) fn private_proc() -> Result<Root, SetupError> {
    let proc = new_mount("proc", "proc", &[], MountOptions::confined())
        .at(STAGE, || "mount a private procfs".into())?;
    Ok(proc.into())
}

/// Mounts everything, shallow destinations first (contract 1.3.6).
pub(super) fn mount_all(spec: &ContainerSpec, root: &Root, cgroup: &Cgroup) -> Result<(), SetupError> {
    let own_cgroups = namespaces::has_own_cgroup_namespace(spec.namespaces.cgroup, cgroup);
    let mut mounts: Vec<&Mount> = spec.mounts.iter().collect();
    mounts.sort_by_key(|mount| mount.depth());
    for mount in mounts {
        let what = || format!("mount {} to {}", source_name(mount), mount.destination.display());
        let source = open_source(&mount.kind)?;
        let target = open_target(mount, source.as_ref(), root)?;
        refuse_covering_proc(mount, source.as_ref(), target.as_fd())?;
        let options = mount.options;
        let made = match &mount.kind {
            MountKind::Bind(bind) => make_bind(bind, source, options)?,
            MountKind::Layers(_) => make_read_only(source).at(STAGE, what)?,
            MountKind::Tmpfs(tmpfs) => make_tmpfs(tmpfs, options, target.as_fd()).at(STAGE, what)?,
            MountKind::Proc => new_mount("proc", "proc", &[], options).at(STAGE, what)?,
            MountKind::Sysfs => new_mount("sysfs", "sysfs", &[], options).at(STAGE, what)?,
            MountKind::Mqueue => new_mount("mqueue", "mqueue", &[], options).at(STAGE, what)?,
            MountKind::Devpts => new_mount("devpts", "devpts", &DEVPTS, options).at(STAGE, what)?,
            MountKind::Cgroup => {
                cgroup_mount::mount(cgroup, own_cgroups, options, target.as_fd()).at(STAGE, what)?;
                continue;
            }
        };
        attach(made.as_fd(), target.as_fd()).at(STAGE, what)?;
    }
    Ok(())
}

/// What a message calls it.
fn source_name(mount: &Mount) -> String {
    match &mount.kind {
        MountKind::Bind(bind) => format!("{:?}", bind.source),
        MountKind::Layers(layers) => format!("the image {}", layers.image),
        MountKind::Tmpfs(_) => "tmpfs".into(),
        MountKind::Proc => "proc".into(),
        MountKind::Sysfs => "sysfs".into(),
        MountKind::Cgroup => "cgroup".into(),
        MountKind::Mqueue => "mqueue".into(),
        MountKind::Devpts => "devpts".into(),
    }
}

fn make_tmpfs(tmpfs: &TmpfsMount, options: MountOptions, target: BorrowedFd<'_>) -> std::io::Result<OwnedFd> {
    let size = tmpfs.size.map(|size| size.to_string());
    let covered = || Ok::<_, std::io::Error>(rustix::fs::fstat(target)?.st_mode & 0o7777);
    let mode = format!("{:o}", tmpfs.mode.map_or_else(covered, Ok)?);
    let mut settings: Vec<FileSystemOption<'_>> = vec![("mode", Some(&mode))];
    settings.extend(size.as_deref().map(|size| ("size", Some(size))));
    settings.extend(tmpfs.options.iter().map(|option| match option.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (option.as_str(), None),
    }));
    new_mount("tmpfs", tmpfs.source.as_deref().unwrap_or("tmpfs"), &settings, options)
}

fn make_bind(
    bind: &BindMount,
    source: Option<OwnedFd>,
    options: MountOptions,
) -> Result<OwnedFd, SetupError> {
    let what = || format!("bind {:?}", bind.source);
    let source = source.ok_or_else(|| SetupError::new(STAGE, what()))?;
    let copy = copy_mount(source.as_fd(), bind.recursive).at(STAGE, what)?;
    set_propagation(bind, copy.as_fd())?;
    mount_api::set_options(copy.as_fd(), options, options.read_only_recursive).at(STAGE, what)?;
    Ok(copy)
}

fn make_read_only(mount: Option<OwnedFd>) -> std::io::Result<OwnedFd> {
    let mount = mount.ok_or(std::io::ErrorKind::NotFound)?;
    mount_api::set_options(mount.as_fd(), MountOptions::none().with_read_only(true), false)?;
    Ok(mount)
}

/// What is mounted already when the target is looked for, because it decides whether that is a directory or a file.
fn open_source(kind: &MountKind) -> Result<Option<OwnedFd>, SetupError> {
    match kind {
        MountKind::Bind(bind) => open_bind_source(bind).map(Some),
        MountKind::Layers(LayersMount { image, lower, empty, subpath }) => {
            let mounted = detached_layers(lower, subpath.as_deref(), empty);
            mounted.at(STAGE, || format!("mount the image {image}")).map(Some)
        }
        _ => Ok(None),
    }
}

/// On the host's side.
fn open_bind_source(bind: &BindMount) -> Result<OwnedFd, SetupError> {
    let path = &bind.source;
    if let Some(subpath) = &bind.subpath {
        let root = Root::open(path).at(STAGE, || "open the source of a bind".into())?;
        return root.locate(subpath).at(STAGE, || format!("find a path below {path:?}"));
    }
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let source = rustix::fs::openat(CWD, path, flags, Mode::empty());
    source.at(STAGE, || format!("bind source path {}", path.display()))
}

/// This namespace is a slave of the host's, and so is every copy of one of its mounts: nothing to do for
/// `slave`.
fn set_propagation(bind: &BindMount, copy: BorrowedFd<'_>) -> Result<(), SetupError> {
    let (propagation, recursive) = match bind.propagation {
        Propagation::Rprivate => (libc::MS_PRIVATE, true),
        Propagation::Private => (libc::MS_PRIVATE, false),
        Propagation::Rslave | Propagation::Slave => return Ok(()),
        Propagation::Rshared | Propagation::Shared => {
            let message = format!("path {} is mounted but it is not a shared mount", bind.source.display());
            return Err(SetupError::new(STAGE, message));
        }
    };
    mount_api::set_propagation(copy, propagation, recursive)
        .at(STAGE, || format!("set the propagation of {:?}", bind.source))
}

/// Opens the destination inside the root; makes it when it is missing: a directory, or an empty file for a
/// file (contract 1.3.7).
fn open_target(mount: &Mount, source: Option<&OwnedFd>, root: &Root) -> Result<OwnedFd, SetupError> {
    let destination = &mount.destination;
    let is_file = source.map(is_directory).transpose()? == Some(false);
    let target = if is_file {
        root.create_file(destination, Mode::from_raw_mode(0o644))
    } else {
        create_directory_target(mount, root)
    };
    target.at(STAGE, || format!("create the mount point {}", destination.display()))
}

/// A tmpfs on a directory that is not in the image has the mode of `/tmp`, not that of the directory made for
/// it.
fn create_directory_target(mount: &Mount, root: &Root) -> Result<OwnedFd, crate::fsroot::Error> {
    let destination = &mount.destination;
    let mode = match &mount.kind {
        MountKind::Tmpfs(TmpfsMount { mode: None, .. }) => 0o1777,
        _ => 0o755,
    };
    if mode == 0o755 {
        return root.create_directories(destination, Mode::from_raw_mode(mode));
    }
    let parent = destination.parent().unwrap_or(Path::new("/"));
    root.create_directories(parent, Mode::from_raw_mode(0o755))?;
    root.create_directories(destination, Mode::from_raw_mode(mode))
}

fn is_directory(fd: &OwnedFd) -> Result<bool, SetupError> {
    let stat = rustix::fs::fstat(fd).at(STAGE, || "look at the source of a bind".into())?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Contract 1.3.10: a decoy over procfs would defeat what is read from and written to it.
fn refuse_covering_proc(
    mount: &Mount,
    source: Option<&OwnedFd>,
    target: BorrowedFd<'_>,
) -> Result<(), SetupError> {
    let destination = &mount.destination;
    let allowed = if destination == Path::new("/proc") {
        let real = source.map(|source| is_procfs(source.as_fd())).transpose()? == Some(true);
        real || matches!(mount.kind, MountKind::Proc)
    } else {
        COVERABLE.iter().any(|path| destination == Path::new(path)) || !is_procfs(target)?
    };
    if allowed {
        return Ok(());
    }
    let message = format!("{} cannot be mounted because it is inside /proc", destination.display());
    Err(SetupError::new(STAGE, message))
}

fn is_procfs(fd: BorrowedFd<'_>) -> Result<bool, SetupError> {
    let statfs = rustix::fs::fstatfs(fd).at(STAGE, || "look at a mount point".into())?;
    Ok(statfs.f_type as i64 == PROC_SUPER_MAGIC)
}
