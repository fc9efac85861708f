//! Carrying out a plan: stages side by side, steps of a stage one after the other.
//!
//! [`base`] gets base images, [`stage`] walks a plan, [`step`] asks the cache and reports, [`copy`], [`run`]
//! and [`workdir`] do the work, [`keys`] says what each result depends on, [`export`] makes the image. Takes
//! no decisions that a plan could have taken.

pub(crate) mod base;
mod copy;
pub(crate) mod export;
mod files;
mod keys;
mod mounts;
mod output;
mod run;
pub(crate) mod stage;
pub(crate) mod step;
mod stubs;
mod workdir;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use wharf_image::store::{ImageStore, Layer};
use wharf_image::{Digest, History, Platform};

use crate::cache::Cache;
use crate::cache::key::KeyBuilder;
use crate::event::EventSink;
use crate::plan::graph::ImageNeed;
use crate::plan::operation::Origin;
use crate::request::BuildRequest;
use crate::runner::StepRunner;
use crate::tree::ignore::Ignore;
use base::ResolvedImage;

/// What all builds of one builder share.
pub(crate) struct Shared {
    pub store: ImageStore,
    pub cache: Cache,
}

/// One build in progress.
pub(crate) struct Execution<'a> {
    pub shared: Arc<Shared>,
    pub request: &'a BuildRequest,
    pub runner: &'a dyn StepRunner,
    pub reporter: step::Reporter<'a>,
    pub platform: Platform,
    /// The Dockerfile's name, for messages.
    pub file_name: &'a str,
    pub ignore: Arc<Ignore>,
    pub images: BTreeMap<ImageNeed, ResolvedImage>,
    /// One per stage; filled when the stage is done.
    pub results: Vec<watch::Sender<Option<Arc<StageResult>>>>,
}

/// What a finished stage is.
#[derive(Debug)]
pub(crate) struct StageResult {
    pub layers: Layers,
    /// Of the image so far; entries without a time get the image's.
    pub history: Vec<History>,
}

/// Layers, lowest first. While this lives none of them is collected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers(pub Vec<Layer>);

impl Layers {
    /// Their ids, lowest first.
    pub fn ids(&self) -> Vec<Digest> {
        self.0.iter().map(|layer| layer.id.clone()).collect()
    }

    /// Names the file system that they make, by content: equal layers mean equal chains, whatever made them
    /// (contract 8.7.6).
    pub fn chain(&self) -> String {
        KeyBuilder::new("chain").list("layers", self.0.iter().map(|layer| layer.id.to_string())).finish()
    }
}

impl Execution<'_> {
    /// The result of a stage, as soon as there is one. When that stage fails the whole build ends, so this
    /// never waits for nothing.
    async fn result_of(&self, stage: usize) -> Arc<StageResult> {
        let mut receiver = self.results[stage].subscribe();
        loop {
            if let Some(result) = receiver.borrow_and_update().clone() {
                return result;
            }
            // The senders live as long as this build.
            let _ = receiver.changed().await;
        }
    }

    /// Sends an event.
    fn events(&self) -> &EventSink<'_> {
        self.reporter.events
    }

    /// Where the files of an origin are.
    async fn files(&self, origin: &Origin) -> files::Files {
        match origin {
            Origin::Context => files::Files::context(&self.request.context, &self.ignore),
            Origin::Directory(name) => files::Files::named(self.request.named_contexts.get(name)),
            Origin::Stage(stage) => files::Files::layers(&self.result_of(*stage).await.layers),
            Origin::Image(reference) => {
                let need = ImageNeed { reference: reference.clone(), platform: None };
                files::Files::layers(
                    &self.images.get(&need).map(|image| image.layers.clone()).unwrap_or_default(),
                )
            }
        }
    }
}

/// Runs something that blocks, away from the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // Cancelled only when the runtime shuts down, which drops this future as well.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
