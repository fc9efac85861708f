//! One entry of an archive, with everything that long-name and PAX headers said about it applied.

use super::sparse::Segment;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    Regular,
    /// Another name for a file of the same tree.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    Character,
    /// A block device.
    Block,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
}

/// One entry. Names are bytes as they stand in the archive, not cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub path: Vec<u8>,
    /// Target of a link, else empty.
    pub link: Vec<u8>,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size of the file's content in bytes (holes included).
    pub size: u64,
    /// Modification time: seconds since 1970 and nanoseconds.
    pub mtime: (i64, u32),
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Extended attributes, names as the kernel knows them.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where the stored bytes belong, for files with holes.
    pub sparse: Option<Vec<Segment>>,
}

impl Entry {
    /// An entry of the given kind and name with nothing else set.
    pub fn new(kind: Kind, path: impl Into<Vec<u8>>) -> Entry {
        Entry {
            kind,
            path: path.into(),
            link: Vec::new(),
            mode: 0,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: (0, 0),
            device: (0, 0),
            xattrs: Vec::new(),
            sparse: None,
        }
    }
}
