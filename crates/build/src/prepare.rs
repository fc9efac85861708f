//! From a parsed file to planned stages: getting base images, putting their triggers in, planning what the target needs.

use std::collections::BTreeMap;

use wharf_image::Platform;

use crate::dockerfile::{Dockerfile, Problem};
use crate::error::BuildError;
use crate::event::{BuildEvent, EventSink};
use crate::execute::base::{BaseImages, ResolvedImage, Wanted};
use crate::execute::stage::{NamedStage, step_name};
use crate::plan::arguments::Arguments;
use crate::plan::graph::{self, Base, Graph, ImageNeed, Names};
use crate::plan::stage::{Planner, triggers};
use crate::plan::state::StageState;
use crate::request::BuildRequest;

/// A file whose base images are known.
pub(crate) struct Prepared {
    pub file: Dockerfile,
    arguments: Arguments,
    graph: Graph,
    /// The stages that the target needs, in an order in which each comes after what it needs.
    order: Vec<usize>,
    pub target: usize,
    pub images: BTreeMap<ImageNeed, ResolvedImage>,
}

impl Prepared {
    /// Gets the base images of the needed stages. A base's triggers may make more stages and images needed,
    /// so this goes round until nothing is missing.
    pub async fn new(
        request: &BuildRequest,
        mut file: Dockerfile,
        platform: &Platform,
        bases: &BaseImages<'_>,
    ) -> Result<Self, BuildError> {
        let target = graph::target(&file, request.target.as_deref())
            .map_err(|problem| BuildError::Request(described(problem)))?;
        let target_name = graph::stage_name(&file, target);
        let arguments = Arguments::new(&file, &request.build_args, platform, &target_name)?;
        let mut images = BTreeMap::new();
        let mut triggered = vec![false; file.stages.len()];
        loop {
            let graph = Graph::new(&Names { file: &file, contexts: &request.named_contexts }, &arguments)?;
            let order = graph.order(&file, target)?;
            let missing: Vec<ImageNeed> =
                graph.images(&order).into_iter().filter(|need| !images.contains_key(need)).collect();
            images.extend(bases.resolve(wanted(&file, &graph, &order, missing.clone())).await?);
            let added = add_triggers(&mut file, &graph, &order, &images, &mut triggered)?;
            if missing.is_empty() && !added {
                return Ok(Self { file, arguments, graph, order, target, images });
            }
        }
    }

    pub fn warn(&self, request: &BuildRequest, events: &EventSink<'_>) {
        let unused = self.arguments.unused(&self.file);
        if !unused.is_empty() {
            events(BuildEvent::Warning {
                message: format!("build arguments that no ARG declares: {}", unused.join(", ")),
            });
        }
        let names: Vec<String> =
            (0..self.file.stages.len()).map(|index| graph::stage_name(&self.file, index)).collect();
        for stage in &request.no_cache_stages {
            if !names.contains(&stage.to_lowercase())
                && stage.parse().is_ok_and(|index: usize| index >= names.len())
            {
                events(BuildEvent::Warning {
                    message: format!("no cache filter: there is no stage {stage}"),
                });
            }
        }
        for message in &self.file.warnings {
            events(BuildEvent::Warning { message: message.clone() });
        }
    }

    /// Plans the needed stages.
    pub fn plan(&self, request: &BuildRequest, platform: &Platform) -> Result<Vec<NamedStage>, BuildError> {
        let names = Names { file: &self.file, contexts: &request.named_contexts };
        let planner = Planner { names, arguments: &self.arguments, request };
        let mut stages: Vec<NamedStage> = Vec::new();
        for &index in &self.order {
            let base = self.graph.0[index].base.clone();
            let state = self.initial_state(&base, &stages, platform);
            let plan = planner.stage(index, base, state)?;
            stages.push(NamedStage {
                plan,
                index,
                name: shown_name(&self.file, index),
                use_cache: self.uses_cache(request, index),
            });
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
            Base::Image(need) => self
                .images
                .get(need)
                .map_or_else(scratch, |image| StageState::from_image(image.config.as_ref().clone())),
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
        let count = 1 + file.stages[index]
            .instructions
            .iter()
            .filter(|instruction| instruction.makes_layer())
            .count();
        (
            step_name(&shown_name(file, index), 1, count, &format!("FROM {}", need.reference)),
            file.stages[index].line,
        )
    };
    let wanted = missing.into_iter().map(|need| {
        let (name, line) = name(&need);
        Wanted { place: format!("{}:{line}", file.name), name, need }
    });
    wanted.collect()
}

/// Puts the triggers of bases in front of the stages that use them, once per stage. Says whether there were
/// any.
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
            Base::Image(need) => {
                images.get(need).map(|image| image.config.config.on_build.clone()).unwrap_or_default()
            }
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

fn described(problem: Problem) -> String {
    match problem.help {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message,
    }
}
