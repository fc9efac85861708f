//! Base images that are not on this host.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use wharf_build::{ImagePuller, PullError, PullSink};
use wharf_image::progress::{Progress, ProgressSink};
use wharf_image::registry::PullOptions;
use wharf_image::store::Image;
use wharf_image::{Platform, Reference};

use crate::core::Core;
use crate::error::chain;
use crate::image::credentials;
use crate::model::image::RegistryAuth;

/// Pulls with the engine's registry.
pub struct Puller {
    core: Arc<Core>,
    logins: BTreeMap<String, RegistryAuth>,
}

impl Puller {
    /// For one build.
    pub fn new(core: Arc<Core>, logins: BTreeMap<String, RegistryAuth>) -> Puller {
        Puller { core, logins }
    }

    async fn fetch(
        &self,
        reference: &Reference,
        platform: &Platform,
        progress: &PullSink<'_>,
    ) -> Result<Image, PullError> {
        let credentials = credentials(login(&self.logins, reference.domain()).cloned());
        let credentials = credentials.map_err(|error| PullError(error.message()))?;
        let options = PullOptions { platform: Some(platform.clone()), credentials };
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let (core, wanted) = (self.core.clone(), reference.clone());
        let pull = AbortOnDrop(tokio::spawn(async move {
            // The sink goes with the pull: its end is the end of the messages.
            let sink = ProgressSink::new(move |message| _ = sender.send(message));
            core.images.registry().pull(&wanted, &options, &sink).await
        }));
        while let Some(message) = receiver.recv().await {
            // Bytes on their way would fill a log that keeps every line.
            if message.amount.is_none() {
                progress(text(&message));
            }
        }
        let pulled = pull.join().await.map_err(|error| PullError(error.to_string()))?;
        let pulled = pulled.map_err(|error| PullError(chain(&error)))?;
        crate::image::publish(&self.core.events, "pull", &reference.familiar(), &reference.familiar_name());
        Ok(pulled.image)
    }
}

/// Clients write a registry's address as a URL or without, and Docker Hub's in the way of old.
fn login<'a>(logins: &'a BTreeMap<String, RegistryAuth>, domain: &str) -> Option<&'a RegistryAuth> {
    let wanted = if domain == "docker.io" { "index.docker.io" } else { domain };
    let host = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        rest.split('/').next() == Some(wanted)
    };
    logins.iter().find(|(address, _)| host(address)).map(|(_, auth)| auth)
}

/// A task that ends when nobody waits for it any more.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn join(mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn text(progress: &Progress) -> String {
    match &progress.id {
        Some(id) => format!("{id}: {}", progress.status),
        None => progress.status.to_string(),
    }
}

impl ImagePuller for Puller {
    fn pull<'a>(
        &'a self,
        reference: &'a Reference,
        platform: &'a Platform,
        progress: &'a PullSink<'a>,
    ) -> BoxFuture<'a, Result<Image, PullError>> {
        self.fetch(reference, platform, progress).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_by_the_registry_of_an_image() {
        let auth = |username: &str| RegistryAuth { username: username.to_owned(), ..RegistryAuth::default() };
        let logins: BTreeMap<_, _> = [
            ("https://index.docker.io/v1/".to_owned(), auth("hub")),
            ("registry.example:5000".to_owned(), auth("own")),
            ("https://old.example/v2".to_owned(), auth("old")),
        ]
        .into();
        let user = |domain: &str| login(&logins, domain).map(|auth| auth.username.as_str());
        assert_eq!(user("docker.io"), Some("hub"));
        assert_eq!(user("registry.example:5000"), Some("own"));
        assert_eq!(user("old.example"), Some("old"));
        assert_eq!(user("registry.example"), None);
    }
}
