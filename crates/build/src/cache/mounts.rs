//! Directories of `RUN --mount=type=cache` (contract 8.2.2): they outlive builds and never reach an image.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{Gid, Mode, Uid};
use wharf_container::fsroot::Root;

use super::CacheError;
use super::flights::{Flight, Flights};
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
    _flight: Flight,
}

impl CacheMounts {
    /// The directories below one, which is made when it is missing.
    pub fn open(directory: PathBuf) -> Result<Self, CacheError> {
        fs::create_dir_all(&directory).map_err(CacheError::at("create", &directory))?;
        Ok(Self { directory, flights: Flights::default() })
    }

    /// The directory for a mount; waits for a `locked` one. `source` names the initial content, which makes
    /// it another cache.
    pub async fn enter(&self, mount: &CacheMount, source: &str) -> Result<CacheDirectory, CacheError> {
        let id = mount.id.as_deref().unwrap_or(&mount.target);
        let key = KeyBuilder::new("mount").field("id", id).field("source", source).finish();
        match mount.sharing {
            Sharing::Shared => self.directory(mount, &key, self.flights.enter_shared(&key).await),
            Sharing::Locked => self.directory(mount, &key, self.flights.enter(&key).await),
            Sharing::Private => self.private(mount, &key),
        }
    }

    /// The first copy that nobody uses.
    fn private(&self, mount: &CacheMount, key: &str) -> Result<CacheDirectory, CacheError> {
        let mut number = 0u32;
        loop {
            let name = format!("{key}-{number}");
            if let Some(flight) = self.flights.try_enter(&name) {
                return self.directory(mount, &name, flight);
            }
            number += 1;
        }
    }

    fn directory(
        &self,
        mount: &CacheMount,
        name: &str,
        flight: Flight,
    ) -> Result<CacheDirectory, CacheError> {
        let path = self.directory.join(name);
        let is_new = match fs::create_dir(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(CacheError::at("create", path)(error)),
        };
        if is_new {
            set_owner_and_mode(&path, mount).map_err(CacheError::at("set the owner and mode of", &path))?;
        }
        note_use(&path);
        Ok(CacheDirectory { path, is_new, _flight: flight })
    }

    /// Removes the directories that nobody uses and nobody used since `limit`; gives the bytes of their
    /// files. Blocks.
    pub fn prune(&self, limit: SystemTime) -> Result<u64, CacheError> {
        let mut bytes = 0;
        for entry in fs::read_dir(&self.directory).map_err(CacheError::at("list", &self.directory))? {
            let path = entry.map_err(CacheError::at("list", &self.directory))?.path();
            let used = path.symlink_metadata().and_then(|metadata| metadata.modified());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(_flight) = self.flights.try_enter(&name).filter(|_| used.is_ok_and(|used| used < limit))
            else {
                continue;
            };
            bytes += size(&path);
            fs::remove_dir_all(&path).map_err(CacheError::at("remove", &path))?;
        }
        Ok(bytes)
    }
}

fn set_owner_and_mode(path: &Path, mount: &CacheMount) -> rustix::io::Result<()> {
    rustix::fs::chown(path, Some(Uid::from_raw(mount.user)), Some(Gid::from_raw(mount.group)))?;
    rustix::fs::chmod(path, Mode::from_raw_mode(mount.mode))
}

/// The time of the directory steers only what is removed first.
fn note_use(path: &Path) {
    if let Ok(directory) = fs::File::open(path) {
        let _ = directory.set_modified(SystemTime::now());
    }
}

/// Bytes of all files below; what cannot be read does not count.
fn size(path: &Path) -> u64 {
    let Ok(walk) = Root::open(path).and_then(|root| root.walk(Path::new("/"))) else { return 0 };
    walk.flatten().map(|entry| u64::try_from(entry.stat.st_size).unwrap_or(0)).sum()
}
