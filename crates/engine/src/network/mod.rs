//! Networks: Docker's face over `wharf_network`, and published ports.

pub mod connector;

use std::sync::Arc;

use crate::core::Core;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::model::network::{
    Network, NetworkConnect, NetworkCreate, NetworkCreated, NetworkDisconnect, NetworksPruned,
};

/// The network calls. A `reference` is a full id, a name or a unique id prefix.
#[derive(Clone)]
pub struct Networks {
    #[expect(dead_code, reason = "used as soon as the calls are there")]
    core: Arc<Core>,
}

impl Networks {
    pub(crate) fn new(core: Arc<Core>) -> Networks {
        Networks { core }
    }

    /// Creates a network.
    ///
    /// # Errors
    /// The name is taken (409), subnets overlap, an option is unknown.
    pub async fn create(&self, body: NetworkCreate) -> Result<NetworkCreated> {
        let _ = (body,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Networks by name. Filter keys: dangling, driver, id, label, name, scope, type.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, filters: Filters) -> Result<Vec<Network>> {
        let _ = (filters,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Everything about one, with its running containers.
    ///
    /// # Errors
    /// No such network.
    pub async fn inspect(&self, reference: &str) -> Result<Network> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes one.
    ///
    /// # Errors
    /// Predefined (403), in use (403 with Docker's text).
    pub async fn remove(&self, reference: &str) -> Result<()> {
        let _ = (reference,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Attaches a container.
    ///
    /// # Errors
    /// Either does not exist; the modes exclude it.
    pub async fn connect(&self, reference: &str, body: NetworkConnect) -> Result<()> {
        let _ = (reference, body);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Detaches a container.
    ///
    /// # Errors
    /// Either does not exist; it is not attached.
    pub async fn disconnect(&self, reference: &str, body: NetworkDisconnect) -> Result<()> {
        let _ = (reference, body);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes unused ones. Filter keys: label, label!, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<NetworksPruned> {
        let _ = (filters,);
        Err(Error::NotImplemented("being written".to_owned()))
    }
}
