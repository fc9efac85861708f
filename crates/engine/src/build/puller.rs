//! Base images that are not on this host.

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

/// Pulls with the engine's registry.
pub struct Puller {
    core: Arc<Core>,
}

impl Puller {
    /// For one build.
    pub fn new(core: Arc<Core>) -> Puller {
        Puller { core }
    }

    async fn fetch(
        &self,
        reference: &Reference,
        platform: &Platform,
        progress: &PullSink<'_>,
    ) -> Result<Image, PullError> {
        let options = PullOptions { platform: Some(platform.clone()), ..PullOptions::default() };
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
