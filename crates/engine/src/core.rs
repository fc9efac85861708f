//! What all parts of the engine share: the stores, the monitor, the bus. It owns nothing else and decides nothing.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use wharf_build::Builder;
use wharf_container::cgroup::Hierarchies;

use crate::apparmor::AppArmor;
use crate::container::store::ContainerStore;
use crate::error::{Error, Result};
use crate::events::Bus;
use crate::exec::table::ExecTable;
use crate::image::local::LocalImages;
use crate::network::connector::Connector;
use crate::paths::EnginePaths;
use crate::process::Processes;
use crate::volume::store::VolumeStore;

/// The shared parts.
pub struct Core {
    /// Where everything is.
    pub paths: EnginePaths,
    /// The host's cgroups.
    pub hierarchies: Hierarchies,
    /// The monitor.
    pub processes: Processes,
    /// What happened.
    pub events: Bus,
    /// The host's AppArmor.
    pub apparmor: AppArmor,
    /// All containers.
    pub containers: ContainerStore,
    /// All volumes.
    pub volumes: VolumeStore,
    /// All images.
    pub images: LocalImages,
    /// All networks.
    pub connector: Connector,
    /// Builds images.
    pub builder: Builder,
    /// All execs.
    pub execs: ExecTable,
    /// The layer above every image (contract 1.3.8).
    pub init_layer: PathBuf,
    /// Set when the engine stops all containers to end itself: nothing is restarted any more.
    pub ending: AtomicBool,
}

impl Core {
    /// Whether the engine is about to end.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// A directory that nobody else uses, for a view of files; it is not made.
    pub fn view_directory(&self) -> PathBuf {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        self.paths.views().join(COUNTER.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// From here on nothing is restarted.
    pub fn begin_ending(&self) {
        self.ending.store(true, Ordering::Release);
    }
}

/// Runs work that waits for a disk or the kernel outside the async runtime's threads.
///
/// # Errors
/// The work's own, or it panicked.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Internal(format!("a background task failed: {error}"))),
    }
}
