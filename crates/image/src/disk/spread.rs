//! Where ext4 puts new directories.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

/// Asks for every directory made in `directory` to be put far from the others (`chattr +T`).
///
/// ext4 puts a directory near its parent and does not use an inode again for minutes after its removal;
/// making a file then searches past all of them. Measured after the removal of 20,000 files: 1 ms for each
/// new file in such a place, 0.02 ms elsewhere. Layers come and go by the thousand files, so each gets a
/// place of its own.
pub(crate) fn spread_children(directory: &Path) {
    // Only ext2 to ext4 know the flag, and everything works without it.
    let _ = mark(directory);
}

fn mark(directory: &Path) -> io::Result<()> {
    let opened = File::open(directory)?;
    let flags = ioctl_getflags(&opened)?;
    Ok(ioctl_setflags(&opened, flags | IFlags::TOPDIR)?)
}
