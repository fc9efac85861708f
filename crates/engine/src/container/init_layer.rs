//! The layer that lies above every image: what programs and mounts expect to be there (contract 1.3.8).
//!
//! One for all containers of an engine: it is read-only for them, so nothing of it shows in what a container changed.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const DIRECTORIES: &[&str] = &["dev/pts", "dev/shm", "proc", "sys", "etc"];
const FILES: &[&str] = &[".dockerenv", "etc/resolv.conf", "etc/hosts", "etc/hostname", "dev/console"];

/// Makes the layer in `directory` unless it is there; gives its path.
///
/// # Errors
/// It cannot be written.
pub fn prepare(directory: &Path) -> Result<PathBuf> {
    let layer = directory.join("init-layer");
    if layer.exists() {
        return Ok(layer);
    }
    let temporary = directory.join("init-layer.new");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(Error::io("remove", &temporary))?;
    }
    fill(&temporary).map_err(Error::io("fill", &temporary))?;
    fs::rename(&temporary, &layer).map_err(Error::io("make", &layer))?;
    Ok(layer)
}

fn fill(layer: &Path) -> std::io::Result<()> {
    for name in DIRECTORIES {
        fs::create_dir_all(layer.join(name))?;
    }
    for name in FILES {
        let file = File::create(layer.join(name))?;
        file.set_permissions(Permissions::from_mode(0o755))?;
    }
    symlink("/proc/mounts", layer.join("etc/mtab"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let layer = prepare(directory.path()).unwrap();
        assert!(layer.join(".dockerenv").exists());
        assert_eq!(fs::read_link(layer.join("etc/mtab")).unwrap(), Path::new("/proc/mounts"));
        fs::remove_file(layer.join(".dockerenv")).unwrap();
        prepare(directory.path()).unwrap();
        assert!(!layer.join(".dockerenv").exists());
    }
}
