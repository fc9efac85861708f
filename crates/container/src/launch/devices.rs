//! Device nodes and the links in `/dev` (contract 1.4.1), made relative to descriptors (CVE-2026-41579).

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Gid, Mode, Uid, chownat, makedev, mknodat, statat, symlinkat};
use rustix::io::Errno;

use super::error::{At, SetupError};
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::spec::{ContainerSpec, DeviceKind, DeviceNode, MountKind};

const STAGE: Stage = Stage::Mounts;

const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Makes all nodes and links, unless the user mounted a `/dev` of their own (contract 1.3.3).
pub(super) fn create(spec: &ContainerSpec, root: &Root) -> Result<(), SetupError> {
    if has_foreign_dev(spec) {
        return Ok(());
    }
    spec.devices.iter().try_for_each(|device| create_node(device, root))?;
    create_links(root)
}

fn has_foreign_dev(spec: &ContainerSpec) -> bool {
    let mut mounts = spec.mounts.iter();
    mounts.any(|mount| mount.destination == Path::new("/dev") && matches!(mount.kind, MountKind::Bind(_)))
}

fn create_node(device: &DeviceNode, root: &Root) -> Result<(), SetupError> {
    let what = || format!("create device {}", device.path.display());
    let parent = device.path.parent().unwrap_or(Path::new("/"));
    let directory = root.create_directories(parent, Mode::from_raw_mode(0o755)).at(STAGE, what)?;
    let name = device.path.file_name().ok_or(Errno::INVAL).at(STAGE, what)?;
    let kind = match device.kind {
        DeviceKind::Character => FileType::CharacterDevice,
        DeviceKind::Block => FileType::BlockDevice,
    };
    let number = makedev(device.major, device.minor);
    match mknodat(&directory, name, kind, Mode::from_raw_mode(device.mode), number) {
        // From an earlier start of the same container; anything else in the image's place would be a trap.
        Err(Errno::EXIST) if is_same(directory.as_fd(), Path::new(name), kind, number) => {}
        result => result.at(STAGE, what)?,
    }
    if device.uid != 0 || device.gid != 0 {
        let (uid, gid) = (Uid::from_raw(device.uid), Gid::from_raw(device.gid));
        chownat(&directory, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).at(STAGE, what)?;
    }
    Ok(())
}

fn is_same(directory: BorrowedFd<'_>, name: &Path, kind: FileType, number: u64) -> bool {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == kind && stat.st_rdev == number)
}

fn create_links(root: &Root) -> Result<(), SetupError> {
    let what = || "create the links in /dev".to_owned();
    let dev = root.subdirectory(Path::new("/dev")).at(STAGE, what)?;
    let core = Path::new("/proc/kcore").exists().then_some(("core", "/proc/kcore"));
    for (name, target) in LINKS.into_iter().chain(core) {
        match symlinkat(target, &dev, name) {
            Err(Errno::EXIST) => {}
            result => result.at(STAGE, what)?,
        }
    }
    Ok(())
}
