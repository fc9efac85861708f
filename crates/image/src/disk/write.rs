//! Files and directories that appear whole or not at all, even when the power fails.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A name below a staging directory; what is there when it is dropped is removed.
#[derive(Debug)]
pub(crate) struct TemporaryName {
    path: PathBuf,
}

impl TemporaryName {
    /// A name nobody else uses. Nothing is made.
    pub(crate) fn new(staging: &Path) -> TemporaryName {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        TemporaryName { path: staging.join(format!("{}-{number}", std::process::id())) }
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives what is there its final name. An existing file is replaced, an existing directory is an error.
    pub(crate) fn publish(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        sync_directory(target.parent().unwrap_or(Path::new("/")))
    }
}

impl Drop for TemporaryName {
    fn drop(&mut self) {
        // Nothing to tell anyone: what stays behind is collected when the store is opened next.
        let _ = match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&self.path),
            Ok(_) => fs::remove_file(&self.path),
            Err(_) => Ok(()),
        };
    }
}

/// Writes a file under a temporary name and moves it into place.
pub(crate) fn write_whole(staging: &Path, target: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = TemporaryName::new(staging);
    let mut file = File::create_new(temporary.path())?;
    file.write_all(content)?;
    file.sync_all()?;
    temporary.publish(target)
}

/// Makes the names in a directory durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
