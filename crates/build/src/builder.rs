//! The entry: a request in, an image out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::try_join_all;

use tokio::sync::watch;
use wharf_image::store::{Image, ImageStore};
use wharf_image::{Digest, Platform, Reference};

use crate::cache::{Cache, CacheError};
use crate::dockerfile::{self, Dockerfile, Problem};
use crate::error::BuildError;
use crate::event::{BuildEvent, EventSink};
use crate::execute::base::{BaseImages, ResolvedImage, Wanted};
use crate::execute::export::export;
use crate::execute::stage::{NamedStage, step_name};
use crate::execute::step::Reporter;
use crate::execute::{Execution, Shared};
use crate::load::{self, Loaded};
use crate::plan::arguments::Arguments;
use crate::plan::graph::{self, Base, Graph, ImageNeed, Names};
use crate::plan::stage::{Planner, add_labels, triggers};
use crate::plan::state::StageState;
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
    /// Opens the build directory (`<root>/build`) for images in `store`. Removes what a killed build left there, so there must be only
    /// one builder per directory, as there is only one writer per store.
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
    pub async fn build(&self, request: &BuildRequest, services: Services<'_>) -> Result<BuiltImage, BuildError> {
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

    /// Removes results of steps, checksums and cache mounts; then layers and blobs in the store that nothing needs any more. What running
    /// builds use stays. Gives the bytes that came free. Blocks.
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
        let exported = tokio::task::spawn_blocking(move || export(&shared, state.image, &result, &tags, created)).await;
        exported.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// A file whose base images are known.
struct Prepared {
    file: Dockerfile,
    arguments: Arguments,
    graph: Graph,
    /// The stages that the target needs, in an order in which each comes after what it needs.
    order: Vec<usize>,
    target: usize,
    images: BTreeMap<ImageNeed, ResolvedImage>,
}

impl Prepared {
    /// Gets the base images of the needed stages. A base's triggers may make more stages and images needed, so this goes round until
    /// nothing is missing.
    async fn new(
        request: &BuildRequest,
        mut file: Dockerfile,
        platform: &Platform,
        bases: &BaseImages<'_>,
    ) -> Result<Self, BuildError> {
        let target = graph::target(&file, request.target.as_deref()).map_err(|problem| BuildError::Request(described(problem)))?;
        let target_name = graph::stage_name(&file, target);
        let arguments = Arguments::new(&file, &request.build_args, platform, &target_name)?;
        let mut images = BTreeMap::new();
        let mut triggered = vec![false; file.stages.len()];
        loop {
            let graph = Graph::new(&Names { file: &file, contexts: &request.named_contexts }, &arguments)?;
            let order = graph.order(&file, target)?;
            let missing: Vec<ImageNeed> = graph.images(&order).into_iter().filter(|need| !images.contains_key(need)).collect();
            images.extend(bases.resolve(wanted(&file, &graph, &order, missing.clone())).await?);
            let added = add_triggers(&mut file, &graph, &order, &images, &mut triggered)?;
            if missing.is_empty() && !added {
                return Ok(Self { file, arguments, graph, order, target, images });
            }
        }
    }

    fn warn(&self, request: &BuildRequest, events: &EventSink<'_>) {
        let unused = self.arguments.unused(&self.file);
        if !unused.is_empty() {
            events(BuildEvent::Warning { message: format!("build arguments that no ARG declares: {}", unused.join(", ")) });
        }
        let names: Vec<String> = (0..self.file.stages.len()).map(|index| graph::stage_name(&self.file, index)).collect();
        for stage in &request.no_cache_stages {
            if !names.contains(&stage.to_lowercase()) && stage.parse().is_ok_and(|index: usize| index >= names.len()) {
                events(BuildEvent::Warning { message: format!("no cache filter: there is no stage {stage}") });
            }
        }
        for message in &self.file.warnings {
            events(BuildEvent::Warning { message: message.clone() });
        }
    }

    /// Plans the needed stages.
    fn plan(&self, request: &BuildRequest, platform: &Platform) -> Result<Vec<NamedStage>, BuildError> {
        let names = Names { file: &self.file, contexts: &request.named_contexts };
        let planner = Planner { names, arguments: &self.arguments, request };
        let mut stages: Vec<NamedStage> = Vec::new();
        for &index in &self.order {
            let base = self.graph.0[index].base.clone();
            let state = self.initial_state(&base, &stages, platform);
            let plan = planner.stage(index, base, state)?;
            stages.push(NamedStage { plan, index, name: shown_name(&self.file, index), use_cache: self.uses_cache(request, index) });
        }
        Ok(stages)
    }

    fn initial_state(&self, base: &Base, stages: &[NamedStage], platform: &Platform) -> StageState {
        let scratch = || StageState::scratch(platform);
        match base {
            Base::Scratch => scratch(),
            Base::Stage(index) => {
                let base = stages.iter().find(|stage| stage.index == *index);
                base.map_or_else(scratch, |stage| stage.plan.state.inherited())
            }
            Base::Image(need) => {
                self.images.get(need).map_or_else(scratch, |image| StageState::from_image(image.config.as_ref().clone()))
            }
        }
    }


    fn uses_cache(&self, request: &BuildRequest, index: usize) -> bool {
        let name = graph::stage_name(&self.file, index);
        let named = |wanted: &String| wanted.to_lowercase() == name || wanted.parse() == Ok(index);
        !request.no_cache && !request.no_cache_stages.iter().any(named)
    }
}

/// The name of a stage that steps show; none for the only stage of a file when it has no name.
fn shown_name(file: &Dockerfile, index: usize) -> String {
    match file.stages.as_slice() {
        [only] if only.name.is_none() => String::new(),
        _ => graph::stage_name(file, index),
    }
}

/// The images to get, each with the name of the first step that needs it.
fn wanted(file: &Dockerfile, graph: &Graph, order: &[usize], missing: Vec<ImageNeed>) -> Vec<Wanted> {
    let name = |need: &ImageNeed| {
        let base_of = order.iter().find(|index| graph.0[**index].base == Base::Image(need.clone()));
        let Some(&index) = base_of else { return (format!("[image] {}", need.reference), 1) };
        let count = 1 + file.stages[index].instructions.iter().filter(|instruction| instruction.makes_layer()).count();
        (step_name(&shown_name(file, index), 1, count, &format!("FROM {}", need.reference)), file.stages[index].line)
    };
    let wanted = missing.into_iter().map(|need| {
        let (name, line) = name(&need);
        Wanted { place: format!("{}:{line}", file.name), name, need }
    });
    wanted.collect()
}

/// Puts the triggers of bases in front of the stages that use them, once per stage. Says whether there were any.
fn add_triggers(
    file: &mut Dockerfile,
    graph: &Graph,
    order: &[usize],
    images: &BTreeMap<ImageNeed, ResolvedImage>,
    triggered: &mut [bool],
) -> Result<bool, BuildError> {
    let mut added = false;
    for &index in order.iter().filter(|index| !std::mem::replace(&mut triggered[**index], true)) {
        let texts = match &graph.0[index].base {
            Base::Scratch => Vec::new(),
            Base::Stage(base) => file.stages[*base].triggers(),
            Base::Image(need) => images.get(need).map(|image| image.config.config.on_build.clone()).unwrap_or_default(),
        };
        let stage = &mut file.stages[index];
        let (line, source) = (stage.line, stage.source.clone());
        let instructions = triggers(stage, &texts);
        let instructions = instructions.map_err(|problem| file.error_at(line, &source, problem))?;
        added |= !instructions.is_empty();
        file.stages[index].instructions.splice(0..0, instructions);
    }
    Ok(added)
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
    let Some(text) = request.build_args.get("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else { return Ok(None) };
    let time = text.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(Some).ok_or_else(|| BuildError::Request(format!("SOURCE_DATE_EPOCH={text} is not a number of seconds")))
}

fn described(problem: Problem) -> String {
    match problem.help {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message,
    }
}

fn report(events: &EventSink, image: &Image, tags: &[Reference]) {
    events(BuildEvent::Built { image: image.id.to_string() });
    for tag in tags {
        events(BuildEvent::Tagged { name: tag.familiar() });
    }
}

/// An engine runs builds as tasks of their own, so they must be able to move between threads: this compiles only if they are.
#[cfg(test)]
#[expect(dead_code, reason = "compiling it is the test")]
fn builds_are_send<'a>(builder: &'a Builder, request: &'a BuildRequest, services: Services<'a>) -> impl Future<Output: Send> + Send + 'a {
    builder.build(request, services)
}
