//! State files: JSON with a schema version, replaced whole (written to a temporary name, then renamed).

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The schema version of every state file of this crate.
const VERSION: u32 = 1;
/// No state file of ours is larger, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

/// Replaces the file at `path`.
///
/// # Errors
/// It cannot be written; the old one is untouched then.
pub fn save<T: Serialize>(path: &Path, content: &T) -> Result<()> {
    let text = serde_json::to_vec(&Versioned { version: VERSION, content })
        .map_err(|source| Error::State { path: path.to_path_buf(), source })?;
    replace(path, &text)
}

/// Replaces the file at `path` by these bytes.
///
/// # Errors
/// It cannot be written; the old one is untouched then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = |mut file: File| file.write_all(bytes);
    File::create(&temporary).and_then(write).map_err(Error::io("write", &temporary))?;
    fs::rename(&temporary, path).map_err(Error::io("replace", path))
}

/// Reads the file at `path`; `None` when there is none.
///
/// # Errors
/// It cannot be read, is too large, or is not of this version.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    if size > LARGEST {
        return Err(Error::Internal(format!("state file {} is larger than {LARGEST} bytes", path.display())));
    }
    let text = fs::read(path).map_err(Error::io("read", path))?;
    let stored: Versioned<T> =
        serde_json::from_slice(&text).map_err(|source| Error::State { path: path.to_path_buf(), source })?;
    if stored.version != VERSION {
        let text = format!("state file {} has version {}, not {VERSION}", path.display(), stored.version);
        return Err(Error::Internal(text));
    }
    Ok(Some(stored.content))
}

/// Tells the file system that what is in this directory belongs apart, as `chattr +T` does. Ext4 does not use an inode
/// again for minutes after its file was removed, and looks at all such inodes of a block group whenever it makes a file
/// there: with all containers in one group, a project that goes down and up again would spend a third of its time on that.
/// Other file systems know no such thing, and need none.
pub fn spread_out(directory: &Path) {
    let spread = || {
        let directory = File::open(directory)?;
        let flags = ioctl_getflags(&directory)?;
        std::io::Result::Ok(ioctl_setflags(&directory, flags | IFlags::TOPDIR)?)
    };
    if let Err(error) = spread() {
        tracing::debug!(path = %directory.display(), %error, "the file system does not spread directories out");
    }
}

/// Bytes on disk below a directory, without following links or leaving its file system. What cannot be read counts nothing.
pub fn usage(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => usage(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Thing {
        name: String,
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("thing.json");
        assert_eq!(load::<Thing>(&path).unwrap(), None);
        let thing = Thing { name: "x".to_owned() };
        save(&path, &thing).unwrap();
        assert_eq!(load(&path).unwrap(), Some(thing));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_version_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("thing.json");
        fs::write(&path, r#"{"version":9,"name":"x"}"#).unwrap();
        assert!(load::<Thing>(&path).unwrap_err().message().contains("version 9"));
    }
}
