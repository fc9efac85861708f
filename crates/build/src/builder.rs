//! The entry: a request in, an image out.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::try_join_all;
use tokio::sync::watch;
use wharf_image::store::{Image, ImageStore};
use wharf_image::{Digest, Platform, Reference};

use crate::cache::{Cache, CacheError};
use crate::dockerfile;
use crate::error::BuildError;
use crate::event::{BuildEvent, EventSink};
use crate::execute::base::BaseImages;
use crate::execute::export::export;
use crate::execute::stage::NamedStage;
use crate::execute::step::Reporter;
use crate::execute::{Execution, Shared};
use crate::load::{self, Loaded};
use crate::plan::stage::add_labels;
use crate::prepare::Prepared;
use crate::puller::ImagePuller;
use crate::request::BuildRequest;
use crate::runner::StepRunner;

/// Builds images into one store. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Builder {
    shared: Arc<Shared>,
}

/// What a build needs from its caller.
#[derive(Clone, Copy)]
pub struct Services<'a> {
    /// Runs `RUN` steps.
    pub runner: &'a dyn StepRunner,
    /// Gets base images that are not in the store.
    pub puller: &'a dyn ImagePuller,
    /// Hears what happens.
    pub events: &'a EventSink<'a>,
}

/// What [`Builder::prune`] removes.
#[derive(Debug, Clone, Copy)]
pub struct PruneOptions {
    /// Only what no build has used since then.
    pub unused_since: SystemTime,
    /// Keep the results of steps whose layers are in an image.
    pub keep_steps_of_images: bool,
}

/// A built image.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// Its id.
    pub id: Digest,
    /// Its names after the build.
    pub tags: Vec<Reference>,
}

impl Builder {
    /// Opens the build directory (`<root>/build`) for images in `store`. Removes what a killed build left
    /// there, so there must be only one builder per directory, as there is only one writer per store.
    ///
    /// # Errors
    /// When the directory cannot be made or cleaned.
    pub fn open(directory: &Path, store: ImageStore) -> Result<Self, CacheError> {
        let cache = Cache::open(directory)?;
        Ok(Self { shared: Arc::new(Shared { store, cache }) })
    }

    /// Builds an image. Dropping the future stops the build; nothing half-made stays behind.
    ///
    /// Must be called on a tokio runtime: files are worked on in its blocking threads.
    ///
    /// # Errors
    /// [`BuildError`]; steps that ended well before the failure stay in the cache.
    pub async fn build(
        &self,
        request: &BuildRequest,
        services: Services<'_>,
    ) -> Result<BuiltImage, BuildError> {
        let tags = parse_tags(&request.tags)?;
        let platform = platform(request)?;
        let Loaded { name, text, ignore } = load::load(request)?;
        let file = dockerfile::parse(&name, &text)?;
        let reporter = Reporter::new(services.events);
        let bases = BaseImages {
            store: &self.shared.store,
            puller: services.puller,
            reporter: &reporter,
            platform: &platform,
            pull: request.pull,
        };
        let prepared = Prepared::new(request, file, &platform, &bases).await?;
        prepared.warn(request, services.events);
        let stages = prepared.plan(request, &platform)?;
        let execution = Execution {
            shared: self.shared.clone(),
            request,
            runner: services.runner,
            platform: platform.clone(),
            file_name: &name,
            ignore: Arc::new(ignore),
            images: prepared.images,
            results: prepared.file.stages.iter().map(|_| watch::Sender::new(None)).collect(),
            reporter,
        };
        try_join_all(stages.iter().map(|stage| execution.stage(stage))).await?;
        let image = self.export(request, &execution, &stages, prepared.target, &tags).await?;
        report(services.events, &image, &tags);
        Ok(BuiltImage { id: image.id, tags: image.tags })
    }

    /// Removes results of steps, checksums and cache mounts; then layers and blobs in the store that nothing
    /// needs any more. What running builds use stays. Gives the bytes that came free. Blocks.
    ///
    /// # Errors
    /// When something cannot be removed; what was removed until then stays removed.
    pub fn prune(&self, options: &PruneOptions) -> Result<u64, BuildError> {
        let (cache, limit) = (&self.shared.cache, options.unused_since);
        self.shared.forget_steps(limit, options.keep_steps_of_images)?;
        cache.images.prune(limit)?;
        cache.trees.prune(limit)?;
        cache.files.prune(limit)?;
        let mounts = cache.mounts.prune(limit)?;
        let collected = self.shared.store.prune(&|_| false, &|_| Vec::new()).map_err(BuildError::Store)?;
        Ok(mounts + collected.reclaimed)
    }

    async fn export(
        &self,
        request: &BuildRequest,
        execution: &Execution<'_>,
        stages: &[NamedStage],
        target: usize,
        tags: &[Reference],
    ) -> Result<Image, BuildError> {
        let missing = || BuildError::Request("the target stage has no result".to_owned());
        let result = execution.results[target].borrow().clone().ok_or_else(missing)?;
        let stage = stages.iter().find(|stage| stage.index == target).ok_or_else(missing)?;
        let mut state = stage.plan.state.clone();
        add_labels(&mut state, &request.labels);
        let created = source_date(request)?;
        let (shared, tags) = (self.shared.clone(), tags.to_vec());
        let exported =
            tokio::task::spawn_blocking(move || export(&shared, state.image, &result, &tags, created)).await;
        exported.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

fn parse_tags(names: &[String]) -> Result<Vec<Reference>, BuildError> {
    names
        .iter()
        .map(|name| name.parse().map_err(|source| BuildError::Tag { name: name.clone(), source }))
        .collect()
}

fn platform(request: &BuildRequest) -> Result<Platform, BuildError> {
    match request.platform.as_deref().filter(|text| !text.is_empty()) {
        None => Ok(Platform::host()),
        Some(text) => text.parse().map_err(|_| BuildError::Request(format!("invalid platform {text:?}"))),
    }
}

/// `SOURCE_DATE_EPOCH` as a build argument sets the image's time (contract 8.3.6).
fn source_date(request: &BuildRequest) -> Result<Option<jiff::Timestamp>, BuildError> {
    let Some(text) = request.build_args.get("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let time = text.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(Some)
        .ok_or_else(|| BuildError::Request(format!("SOURCE_DATE_EPOCH={text} is not a number of seconds")))
}

fn report(events: &EventSink, image: &Image, tags: &[Reference]) {
    events(BuildEvent::Built { image: image.id.to_string() });
    for tag in tags {
        events(BuildEvent::Tagged { name: tag.familiar() });
    }
}

/// An engine runs builds as tasks of their own, so they must be able to move between threads: this compiles
/// only if they are.
#[cfg(test)]
#[expect(dead_code, reason = "compiling it is the test")]
fn builds_are_send<'a>(
    builder: &'a Builder,
    request: &'a BuildRequest,
    services: Services<'a>,
) -> impl Future<Output: Send> + Send + 'a {
    builder.build(request, services)
}
