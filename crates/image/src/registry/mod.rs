//! The registry client: pulling into and pushing out of a store (contract 7.5).
//!
//! Owns mirrors, insecure registries, credentials, retries and Docker's error texts around `oci-client`,
//! which speaks the protocol. The only asynchronous part of this crate; store work runs on the blocking pool.

mod config;
mod credentials;
mod download;
mod endpoint;
mod error;
mod inspect;
mod pull;
mod push;
mod remote;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

pub use config::{ConfigError, RegistryConfig};
pub use credentials::{Credentials, CredentialsError};
pub use error::RegistryError;
pub use inspect::Inspected;
pub use pull::{PullOptions, Pulled};
pub use push::{PushOptions, Pushed};

use remote::Remote;

use crate::digest::Digest;
use crate::reference::Reference;
use crate::store::{ImageStore, StoreError};

/// Pulls and pushes images of one store; clones share their work.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    store: ImageStore,
    config: RegistryConfig,
    /// Layers on their way: two pulls of the same layer download it once.
    flights: Mutex<BTreeMap<Digest, Weak<tokio::sync::Mutex<()>>>>,
}

impl Registry {
    /// A client for `store`.
    pub fn new(store: ImageStore, config: RegistryConfig) -> Registry {
        remote::install_crypto();
        Registry { inner: Arc::new(Inner { store, config, flights: Mutex::default() }) }
    }

    /// The store that is pulled into.
    pub fn store(&self) -> &ImageStore {
        &self.inner.store
    }

    /// Asks the endpoints of a name one after the other: mirrors first, then the registry itself.
    async fn at_endpoints<T, F: Future<Output = Result<T, RegistryError>>>(
        &self,
        reference: &Reference,
        credentials: &Credentials,
        ask: impl Fn(Remote) -> F,
    ) -> Result<T, RegistryError> {
        let mut definite = None;
        let mut last = None;
        for endpoint in endpoint::for_pull(reference, &self.inner.config) {
            let mirror = endpoint.mirror;
            let remote = Remote::new(endpoint, reference, credentials, &self.inner.config)?;
            match ask(remote).await {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_unreachable() => last = Some(error),
                Err(error) if mirror && error.is_definite() => definite = Some(error),
                Err(error) if mirror => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(definite.or(last).unwrap_or(RegistryError::Cancelled))
    }

    /// The right to bring one layer into the store.
    fn flight(&self, layer: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut flights = self.inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|_, flight| flight.strong_count() > 0);
        if let Some(flight) = flights.get(layer).and_then(Weak::upgrade) {
            return flight;
        }
        let flight = Arc::new(tokio::sync::Mutex::new(()));
        flights.insert(layer.clone(), Arc::downgrade(&flight));
        flight
    }

    /// Runs store work where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ImageStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let store = self.inner.store.clone();
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(result) => Ok(result?),
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(RegistryError::Cancelled),
            },
        }
    }
}
