//! Answers about the engine itself.

use crate::error::{Error, Result};
use crate::model::system::{DiskUsage, Info, Version};

/// The system calls.
#[derive(Clone)]
pub struct System;

impl System {
    /// What this is.
    ///
    /// # Errors
    /// Never.
    pub async fn version(&self) -> Result<Version> {
        let _ = ((),);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// What this engine and host can do and how many objects there are.
    ///
    /// # Errors
    /// The host cannot be read.
    pub async fn info(&self) -> Result<Info> {
        let _ = ((),);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// What takes how much disk.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub async fn disk_usage(&self) -> Result<DiskUsage> {
        let _ = ((),);
        Err(Error::NotImplemented("being written".to_owned()))
    }
}
