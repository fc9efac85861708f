//! Answers about the engine itself: `/version`, `/info`, `/system/df`.

mod disk_usage;
mod host;
mod info;
mod version;

use std::sync::Arc;

use crate::core::{Core, blocking};
use crate::error::Result;
use crate::model::system::{DiskUsage, Info, Version};

/// The system calls.
#[derive(Clone)]
pub struct System {
    core: Arc<Core>,
}

impl System {
    pub(crate) fn new(core: Arc<Core>) -> System {
        System { core }
    }

    /// What this is.
    ///
    /// # Errors
    /// Never.
    pub async fn version(&self) -> Result<Version> {
        Ok(version::version())
    }

    /// What this engine and host can do and how many objects there are.
    ///
    /// # Errors
    /// The host or the image store cannot be read.
    pub async fn info(&self) -> Result<Info> {
        let core = self.core.clone();
        blocking(move || info::info(&core)).await
    }

    /// What takes how much disk.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub async fn disk_usage(&self) -> Result<DiskUsage> {
        disk_usage::disk_usage(&self.core).await
    }
}
