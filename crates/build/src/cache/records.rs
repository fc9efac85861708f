//! Small JSON files by key: steps, images, tree checksums.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wharf_image::Digest;

use super::CacheError;

const VERSION: u32 = 1;

/// Largest record that is read, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepRecord {
    /// The layer.
    pub layer: Digest,
    /// When it was made, RFC 3339.
    pub created: String,
}

/// The image that a configuration became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageRecord {
    /// Its id.
    pub image: Digest,
}

/// The checksum of files in a stage or an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TreeRecord {
    /// As [`crate::tree::Tree::checksum`] gives it.
    pub checksum: String,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    record: T,
}

/// Records of one kind.
#[derive(Debug)]
pub(crate) struct Records {
    directory: PathBuf,
}

impl Records {
    /// The records in a directory, which is made when it is missing.
    pub fn open(directory: PathBuf) -> Result<Self, CacheError> {
        fs::create_dir_all(&directory).map_err(CacheError::at("create", &directory))?;
        Ok(Self { directory })
    }

    /// The record of a key, and notes that it was used. Anything unreadable counts as not there.
    pub fn find<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let file = fs::File::open(self.path(key)).ok()?;
        // The time only steers which records are dropped first.
        let _ = file.set_modified(SystemTime::now());
        read(file)
    }

    /// As [`Records::find`], but looking is no use.
    pub fn peek<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        fs::File::open(self.path(key)).ok().and_then(read)
    }

    /// Stores a record in the place of the one that was there.
    pub fn store<T: Serialize>(&self, key: &str, record: &T) -> Result<(), CacheError> {
        let bytes = serde_json::to_vec(&Versioned { version: VERSION, record });
        let bytes = bytes.map_err(CacheError::at("write", self.path(key)))?;
        write_whole(&self.path(key), &bytes)
    }

    /// Removes a record, if it is there.
    pub fn remove(&self, key: &str) -> Result<(), CacheError> {
        match fs::remove_file(self.path(key)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(CacheError::at("remove", self.path(key))(error))
            }
            _ => Ok(()),
        }
    }

    /// The keys that were not used since `limit`, sorted.
    pub fn unused(&self, limit: SystemTime) -> Result<Vec<String>, CacheError> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(CacheError::at("list", &self.directory))? {
            let entry = entry.map_err(CacheError::at("list", &self.directory))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let used = entry.metadata().and_then(|metadata| metadata.modified());
            if let (Some(key), true) = (name.strip_suffix(".json"), used.is_ok_and(|used| used < limit)) {
                keys.push(key.to_owned());
            }
        }
        keys.sort();
        Ok(keys)
    }

    /// Removes the records that were not used since `limit`.
    pub fn prune(&self, limit: SystemTime) -> Result<(), CacheError> {
        self.unused(limit)?.iter().try_for_each(|key| self.remove(key))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.directory.join(format!("{key}.json"))
    }
}

fn read<T: DeserializeOwned>(file: fs::File) -> Option<T> {
    file.metadata().ok().filter(|metadata| metadata.len() <= MAX_BYTES)?;
    let versioned: Versioned<T> = serde_json::from_reader(std::io::BufReader::new(file)).ok()?;
    (versioned.version == VERSION).then_some(versioned.record)
}

/// Writes a file under a temporary name and moves it into place. It is a cache, so it need not survive a
/// power failure.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CacheError> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(CacheError::at("write", path))
}
