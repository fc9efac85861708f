//! Directories of running steps: removed with the step, and what a killed process left at the next start.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::mount::{UnmountFlags, unmount};

use super::CacheError;

/// The parent of all of them.
#[derive(Debug)]
pub(crate) struct WorkArea {
    directory: PathBuf,
}

impl WorkArea {
    /// Opens the area and removes what is in it; only the one process that builds may do so.
    pub fn open(directory: PathBuf) -> Result<Self, CacheError> {
        if let Ok(entries) = fs::read_dir(&directory) {
            for entry in entries.flatten() {
                // A view that a killed process left mounted must not be emptied through.
                let _ = unmount(entry.path().join(VIEW), UnmountFlags::DETACH | UnmountFlags::NOFOLLOW);
                fs::remove_dir_all(entry.path()).map_err(CacheError::at("remove", entry.path()))?;
            }
        }
        fs::create_dir_all(&directory).map_err(CacheError::at("create", &directory))?;
        Ok(Self { directory })
    }

    /// A new directory with empty `upper`, `work`, `view` and `files` in it.
    pub fn directory(&self) -> Result<WorkDirectory, CacheError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let made = WorkDirectory(self.directory.join(format!("{}-{number}", std::process::id())));
        for path in [made.0.clone(), made.upper(), made.work(), made.view(), made.files()] {
            fs::create_dir(&path).map_err(CacheError::at("create", &path))?;
        }
        // The root of a layer is the root of an image: 0755 whatever the umask.
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        fs::set_permissions(made.upper(), mode)
            .map_err(CacheError::at("change the mode of", made.upper()))?;
        Ok(made)
    }
}

const VIEW: &str = "view";

/// One step's directories; removed when dropped.
#[derive(Debug)]
pub(crate) struct WorkDirectory(PathBuf);

impl WorkDirectory {
    /// Receives the step's changes.
    pub fn upper(&self) -> PathBuf {
        self.0.join("upper")
    }

    /// overlayfs' own.
    pub fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// Where a view can be mounted.
    pub fn view(&self) -> PathBuf {
        self.0.join(VIEW)
    }

    /// Files that are mounted into the step.
    pub fn files(&self) -> PathBuf {
        self.0.join("files")
    }
}

impl Drop for WorkDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is removed at the next start.
        let _ = remove(&self.0);
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
