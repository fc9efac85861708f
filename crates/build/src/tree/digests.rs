//! Digests of files' contents, remembered by inode, size and times, so that an unchanged context is not read
//! again.
//!
//! One file on disk per tree; whatever is wrong with it only costs reading the files again.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::Stat;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::xattrs;

const VERSION: u32 = 1;

/// A file that changed so shortly ago could change again without its times moving on.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// Digest of a file's content and attributes.
pub(crate) type FileDigest = [u8; 32];

/// What identifies an unchanged file: a change of content or attributes moves the change time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Identity(u64, u64, i64, i128, i128);

impl Identity {
    fn of(stat: &Stat) -> Self {
        let nanoseconds = |seconds: i64, rest: u64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self(
            stat.st_dev,
            stat.st_ino,
            stat.st_size,
            nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        )
    }

    /// Whether the last change is long enough ago to be trusted.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i128::try_from((now.saturating_sub(SETTLED_AFTER)).as_nanos())
            .is_ok_and(|limit| self.3.max(self.4) < limit)
    }
}

/// The digests of one tree's files.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    known: Mutex<HashMap<Identity, FileDigest>>,
    changed: AtomicBool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    files: Vec<(Identity, FileDigest)>,
}

impl Digests {
    /// Reads what was stored; an unreadable file counts as empty.
    pub fn load(path: &Path) -> Self {
        let stored = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        let files =
            stored.filter(|stored| stored.version == VERSION).map(|stored| stored.files).unwrap_or_default();
        Self { known: Mutex::new(files.into_iter().collect()), changed: AtomicBool::new(false) }
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut files: Vec<_> = self.lock().iter().map(|(identity, digest)| (*identity, *digest)).collect();
        files.sort_by_key(|(identity, _)| (identity.0, identity.1));
        serde_json::to_vec(&Stored { version: VERSION, files })
    }

    /// The remembered digest of a file that looks like this.
    pub fn find(&self, stat: &Stat) -> Option<FileDigest> {
        self.lock().get(&Identity::of(stat)).copied()
    }

    /// Remembers digests of files that were read after they had looked like this.
    pub fn remember(&self, seen: impl Iterator<Item = (Stat, FileDigest)>) {
        let mut known = self.lock();
        for (stat, digest) in seen {
            let identity = Identity::of(&stat);
            if identity.is_settled() && known.insert(identity, digest) != Some(digest) {
                self.changed.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Whether something was remembered since the last call.
    pub fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    /// How many files are known.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Identity, FileDigest>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Reads a file and digests its attributes and content.
pub(crate) fn digest(file: &mut File, buffer: &mut [u8]) -> io::Result<FileDigest> {
    use std::os::fd::AsFd;
    let mut hasher = Sha256::new();
    for (name, value) in xattrs::read(file.as_fd())? {
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value);
    }
    // Ends the attributes: no name is this long.
    hasher.update(u64::MAX.to_le_bytes());
    loop {
        match file.read(buffer)? {
            0 => return Ok(hasher.finalize().into()),
            count => hasher.update(&buffer[..count]),
        }
    }
}
