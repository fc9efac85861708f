//! Extended attributes that belong to a file's content: file capabilities and everything a user set (contract
//! 8.7.3).

use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::io::{Errno, Result};

/// Largest list of names and largest value the kernel has (XATTR_LIST_MAX, XATTR_SIZE_MAX), in bytes.
const MAX_BYTES: usize = 65_536;

/// One attribute.
pub(crate) type Attribute = (Vec<u8>, Vec<u8>);

/// The attributes of an open file or directory that are copied and hashed, sorted by name.
pub(crate) fn read(file: BorrowedFd<'_>) -> Result<Vec<Attribute>> {
    // Most files have none: a call without a buffer tells.
    match rustix::fs::flistxattr(file, &mut [0u8; 0][..]) {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let mut names = vec![0u8; MAX_BYTES];
    let length = rustix::fs::flistxattr(file, &mut names[..])?;
    let mut value = vec![0u8; MAX_BYTES];
    let mut attributes = Vec::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| belongs_to_content(name)) {
        let size = rustix::fs::fgetxattr(file, std::ffi::OsStr::from_bytes(name), &mut value[..])?;
        attributes.push((name.to_vec(), value[..size].to_vec()));
    }
    attributes.sort();
    Ok(attributes)
}

/// Labels of security modules and overlayfs' own notes describe this host, not the file.
fn belongs_to_content(name: &[u8]) -> bool {
    let own = |prefix: &str| name.starts_with(prefix.as_bytes());
    !name.is_empty()
        && (name == b"security.capability"
            || !(own("security.") || own("system.") || own("trusted.overlay.") || own("user.overlay.")))
}
