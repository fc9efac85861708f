//! Directories of `RUN --mount=type=cache` (contract 8.2.2): they outlive builds and never reach an image.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Mode, Uid};
use tokio::sync::OwnedMutexGuard;

use super::CacheError;
use super::flights::Flights;
use super::key::KeyBuilder;
use crate::dockerfile::mount::{CacheMount, Sharing};

/// All cache directories.
#[derive(Debug)]
pub(crate) struct CacheMounts {
    directory: PathBuf,
    flights: Flights,
}

/// A cache directory in use.
#[derive(Debug)]
pub(crate) struct CacheDirectory {
    pub path: PathBuf,
    /// Whether it was made just now and may want initial content.
    pub is_new: bool,
    _guard: Option<OwnedMutexGuard<()>>,
}

impl CacheMounts {
    /// The directories below one, which is made when it is missing.
    pub fn open(directory: PathBuf) -> Result<Self, CacheError> {
        fs::create_dir_all(&directory).map_err(CacheError::at("create", &directory))?;
        Ok(Self { directory, flights: Flights::default() })
    }

    /// The directory for a mount; waits for a `locked` one. `source` names the initial content, which makes it another cache.
    pub async fn enter(&self, mount: &CacheMount, source: &str) -> Result<CacheDirectory, CacheError> {
        let id = mount.id.as_deref().unwrap_or(&mount.target);
        let key = KeyBuilder::new("mount").field("id", id).field("source", source).finish();
        match mount.sharing {
            Sharing::Shared => self.directory(mount, &key, None),
            Sharing::Locked => {
                let guard = self.flights.enter(&key).await;
                self.directory(mount, &key, Some(guard))
            }
            Sharing::Private => self.private(mount, &key),
        }
    }

    /// The first copy that nobody uses.
    fn private(&self, mount: &CacheMount, key: &str) -> Result<CacheDirectory, CacheError> {
        let mut number = 0u32;
        loop {
            let name = format!("{key}-{number}");
            if let Some(guard) = self.flights.try_enter(&name) {
                return self.directory(mount, &name, Some(guard));
            }
            number += 1;
        }
    }

    fn directory(&self, mount: &CacheMount, name: &str, guard: Option<OwnedMutexGuard<()>>) -> Result<CacheDirectory, CacheError> {
        let path = self.directory.join(name);
        let is_new = match fs::create_dir(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(CacheError::at("create", path)(error)),
        };
        if is_new {
            set_owner_and_mode(&path, mount).map_err(CacheError::at("set the owner and mode of", &path))?;
        }
        Ok(CacheDirectory { path, is_new, _guard: guard })
    }
}

fn set_owner_and_mode(path: &Path, mount: &CacheMount) -> rustix::io::Result<()> {
    rustix::fs::chown(path, Some(Uid::from_raw(mount.user)), Some(Gid::from_raw(mount.group)))?;
    rustix::fs::chmod(path, Mode::from_raw_mode(mount.mode))
}
