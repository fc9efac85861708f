//! Deletions as overlayfs keeps them: character devices 0:0 and the attribute `opaque` (contract 7.4.7).

use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use rustix::fs::{AtFlags, FileType, Mode, Stat};
use rustix::io::{Errno, Result};

use crate::disk;

/// Attributes that belong to overlayfs, in both name spaces it uses.
const OVERLAY_ATTRIBUTES: [&[u8]; 2] = [b"trusted.overlay.", b"user.overlay."];
/// The kernel's identity mapping: the initial user namespace.
const INITIAL_MAPPING: [&str; 3] = ["0", "0", "4294967295"];

/// True inside a user namespace, where `trusted.*` and device nodes are out of reach.
pub(crate) fn in_user_namespace() -> bool {
    static INSIDE: OnceLock<bool> = OnceLock::new();
    *INSIDE.get_or_init(|| {
        let mapping = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        mapping.split_whitespace().ne(INITIAL_MAPPING)
    })
}

/// The part of an attribute's name behind overlayfs's prefix, if it is one of overlayfs's.
pub(crate) fn overlay_attribute(name: &[u8]) -> Option<&[u8]> {
    OVERLAY_ATTRIBUTES.iter().find_map(|prefix| name.strip_prefix(*prefix))
}

/// Makes a whiteout.
pub(crate) fn make(directory: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    let kind = FileType::CharacterDevice;
    rustix::fs::mknodat(directory, OsStr::from_bytes(name), kind, Mode::empty(), 0)
}

/// Marks a directory: lower content is hidden.
pub(crate) fn mark_opaque(directory: BorrowedFd<'_>) -> Result<()> {
    let name = if in_user_namespace() { "user.overlay.opaque" } else { "trusted.overlay.opaque" };
    disk::set_xattr(directory, name.as_bytes(), b"y")
}

/// True for a whiteout.
pub(crate) fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}

/// What is at `name`, links not followed.
pub(crate) fn look(directory: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Stat>> {
    match rustix::fs::statat(directory, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}
