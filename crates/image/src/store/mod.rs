//! The image store: blobs, unpacked layers, images and tags below one directory.
//!
//! ```text
//! lock  images.json  tmp/  blobs/<algorithm>/<hex>  layers/<algorithm>-<hex>.json  l/<short>/
//! ```
//!
//! One process writes (it holds `lock`), any number read. Everything appears by a rename when it is complete,
//! in the order blob, directory, layer record, image record, so a killed process leaves nothing half-made
//! visible; what it left invisible is collected when the next writer opens the store. All calls are
//! synchronous and may block.

mod blobs;
mod collect;
mod commit;
mod error;
mod export;
mod image;
mod layers;
mod paths;
mod publish;
mod records;
mod remove;
mod resolve;
mod tags;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::FlockOperation;

use crate::digest::Digest;
use crate::disk::spread_children;
use crate::model::ImageConfig;

pub(crate) use commit::ArchiveIs;
pub use commit::Commit;
pub use error::StoreError;
pub(crate) use export::{Export, LayerForm};
pub use image::Image;
pub use layers::{Layer, LayerId};
pub(crate) use publish::ImageSource;
pub(crate) use records::BlobRecord;
pub use remove::{ImageUser, Pruned, Removal};

use paths::Paths;
use records::{LayerRecord, Records};

/// A store; clones share it.
#[derive(Clone)]
pub struct ImageStore {
    inner: Arc<Inner>,
}

struct Inner {
    paths: Paths,
    state: Mutex<State>,
    /// How many [`Layer`] values keep each layer alive. Its own lock: a layer may be dropped anywhere.
    leases: Mutex<BTreeMap<Digest, usize>>,
    /// Present in the one process that may write.
    lock: Option<WriterLock>,
}

/// What is on disk, cached.
struct State {
    records: Records,
    layers: BTreeMap<Digest, LayerRecord>,
    configs: BTreeMap<Digest, Arc<ImageConfig>>,
}

impl ImageStore {
    /// Opens the store in `directory` for reading and writing, makes it when it is missing, and collects what
    /// a killed process left.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it open for writing; [`StoreError::Version`] for the state of
    /// a newer program; otherwise what the file system says.
    pub fn open(directory: &Path) -> Result<ImageStore, StoreError> {
        let paths = Paths::new(directory);
        for path in [
            paths.root().to_owned(),
            paths.staging(),
            paths.layers(),
            paths.layer_directories(),
            paths.blobs(),
        ] {
            // Layers hold setuid programs: no other user may reach them (CVE-2021-41091).
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
            made.map_err(StoreError::io("create", &path))?;
        }
        let lock = acquire_lock(&paths)?;
        spread_children(&paths.staging());
        let store = ImageStore::load(paths, Some(lock))?;
        store.collect_leftovers()?;
        Ok(store)
    }

    /// Opens an existing store without the right to change it; sees what was there at that moment.
    ///
    /// # Errors
    /// As [`ImageStore::open`], except that a writer elsewhere does not matter.
    pub fn open_read_only(directory: &Path) -> Result<ImageStore, StoreError> {
        ImageStore::load(Paths::new(directory), None)
    }

    /// The directory of the store.
    pub fn directory(&self) -> &Path {
        self.inner.paths.root()
    }

    fn load(paths: Paths, lock: Option<WriterLock>) -> Result<ImageStore, StoreError> {
        let state =
            State { records: Records::load(&paths)?, layers: load_layers(&paths)?, configs: BTreeMap::new() };
        let inner = Inner { paths, state: Mutex::new(state), leases: Mutex::default(), lock };
        Ok(ImageStore { inner: Arc::new(inner) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is only replaced after the disk was, so a panic elsewhere leaves it usable.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, for changing it.
    fn writable_state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        match self.inner.lock {
            Some(_) => Ok(self.state()),
            None => Err(StoreError::ReadOnly { path: self.inner.paths.root().to_owned() }),
        }
    }

    fn paths(&self) -> &Paths {
        &self.inner.paths
    }
}

/// The right to write, given back when it is dropped.
///
/// Closing the file would not do: a process that another thread is just starting has a copy of it until its `exec`,
/// and the lock lasts as long as the last copy (`flock(2)`).
struct WriterLock(File);

impl Drop for WriterLock {
    fn drop(&mut self) {
        // A lock that cannot be released ends with the process.
        let _ = rustix::fs::flock(&self.0, FlockOperation::Unlock);
    }
}

fn acquire_lock(paths: &Paths) -> Result<WriterLock, StoreError> {
    let path = paths.lock();
    let file =
        File::options().create(true).append(true).open(&path).map_err(StoreError::io("open", &path))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(WriterLock(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Locked { path: paths.root().to_owned() }),
        Err(error) => Err(StoreError::io("lock", &path)(error)),
    }
}

fn load_layers(paths: &Paths) -> Result<BTreeMap<Digest, LayerRecord>, StoreError> {
    let directory = paths.layers();
    let mut layers = BTreeMap::new();
    for item in fs::read_dir(&directory).map_err(StoreError::io("list", &directory))? {
        let path = item.map_err(StoreError::io("list", &directory))?.path();
        if let Some(record) = LayerRecord::load(&path)? {
            layers.insert(record.id.clone(), record);
        }
    }
    Ok(layers)
}
