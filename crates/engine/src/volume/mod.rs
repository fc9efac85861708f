//! Volumes of the local driver (contract 2).

pub mod copy_up;
pub mod options;
pub mod store;

use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::model::volume::{Volume, VolumeCreate, VolumeList, VolumesPruned};

/// The volume calls.
#[derive(Clone)]
pub struct Volumes;

impl Volumes {
    /// Creates a volume, or gives the one with this name.
    ///
    /// # Errors
    /// Not a name; an unknown option (contract 2.3.2).
    pub async fn create(&self, body: VolumeCreate) -> Result<Volume> {
        let _ = (body,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Volumes by name. Filter keys: dangling, driver, label, name.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, filters: Filters) -> Result<VolumeList> {
        let _ = (filters,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// One volume.
    ///
    /// # Errors
    /// No such volume.
    pub async fn inspect(&self, name: &str) -> Result<Volume> {
        let _ = (name,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes one; `force` makes a missing one no error.
    ///
    /// # Errors
    /// In use (409), no such volume.
    pub async fn remove(&self, name: &str, force: bool) -> Result<()> {
        let _ = (name, force);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes unused ones (contract 2.2.4). Filter keys: all, label, label!.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<VolumesPruned> {
        let _ = (filters,);
        Err(Error::NotImplemented("being written".to_owned()))
    }
}
