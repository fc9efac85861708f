//! One stage from its base to its last layer.

use std::sync::Arc;

use wharf_image::History;

use super::copy::CopyJob;
use super::step::Made;
use super::{Execution, Layers, StageResult, blocking, keys, workdir};
use crate::error::{BuildError, StepError};
use crate::event::BuildEvent;
use crate::plan::graph::Base;
use crate::plan::operation::{CopyOperation, Operation, Origin, RunOperation, WorkdirOperation};
use crate::plan::stage::{Entry, StagePlan};

/// A stage and what its steps are called.
pub(crate) struct NamedStage {
    pub plan: StagePlan,
    pub index: usize,
    /// `builder`; empty when there is only one stage.
    pub name: String,
    /// Whether results may be taken from the cache.
    pub use_cache: bool,
}

type StepResult = Result<Made, (StepError, Vec<String>)>;

impl Execution<'_> {
    /// Carries out a stage's plan and publishes the result to the stages that wait for it.
    pub(crate) async fn stage(&self, stage: &NamedStage) -> Result<(), BuildError> {
        let mut result = self.base(&stage.plan.base).await;
        let count = 1 + stage.plan.entries.iter().filter(|entry| entry.operation.is_some()).count();
        let mut number = 1;
        for entry in &stage.plan.entries {
            let Some(operation) = &entry.operation else {
                result.history.extend(history(entry, None));
                continue;
            };
            number += 1;
            let name = step_name(&stage.name, number, count, &entry.source);
            let made = self.step(stage, entry, operation, &result.layers, name).await?;
            result.layers.0.push(made.layer);
            result.history.extend(history(entry, Some(made.created)));
        }
        self.results[stage.index].send_replace(Some(Arc::new(result)));
        Ok(())
    }

    async fn base(&self, base: &Base) -> StageResult {
        match base {
            Base::Scratch => StageResult { layers: Layers::default(), history: Vec::new() },
            Base::Stage(stage) => {
                let result = self.result_of(*stage).await;
                StageResult { layers: result.layers.clone(), history: result.history.clone() }
            }
            Base::Image(need) => self.images.get(need).map_or_else(
                || StageResult { layers: Layers::default(), history: Vec::new() },
                |image| StageResult { layers: image.layers.clone(), history: image.config.history.clone() },
            ),
        }
    }

    async fn step(
        &self,
        stage: &NamedStage,
        entry: &Entry,
        operation: &Operation,
        below: &Layers,
        name: String,
    ) -> Result<Made, BuildError> {
        // A step that waits for another stage has not begun.
        self.wait_for_inputs(operation).await;
        let announced = self.reporter.start(name);
        let number = announced.number;
        let mut cached = false;
        let made = match operation {
            Operation::Run(run) => self.run_step_cached(stage, run, below, number, &mut cached).await,
            Operation::Copy(copy) => {
                self.copy_step(stage, copy, below, &mut cached).await.map_err(without_output)
            }
            Operation::Workdir(path) => {
                self.workdir_step(stage, path, below, &mut cached).await.map_err(without_output)
            }
        };
        match made {
            Ok(made) => {
                if cached {
                    announced.cached()
                } else {
                    announced.finished()
                }
                Ok(made)
            }
            Err((source, last_lines)) => {
                announced.failed(&source, last_lines);
                let place = format!("{}:{}", self.file_name, entry.line);
                Err(BuildError::Step { place, instruction: entry.source.clone(), source: Box::new(source) })
            }
        }
    }

    async fn wait_for_inputs(&self, operation: &Operation) {
        for origin in operation.origins() {
            if let Origin::Stage(stage) = origin {
                self.result_of(*stage).await;
            }
        }
    }

    async fn run_step_cached(
        &self,
        stage: &NamedStage,
        operation: &RunOperation,
        below: &Layers,
        number: usize,
        cached: &mut bool,
    ) -> StepResult {
        let key = self.run_key(operation, below).await.map_err(without_output)?;
        let _flight = self.shared.cache.flights.enter(&key).await;
        if let Some(made) = self.find(stage, &key, cached).await {
            return Ok(made);
        }
        let layer = self.run(operation, below, number).await?;
        self.shared.store_step(&key, layer).await.map_err(without_output)
    }

    async fn copy_step(
        &self,
        stage: &NamedStage,
        operation: &CopyOperation,
        below: &Layers,
        cached: &mut bool,
    ) -> Result<Made, StepError> {
        let files = self.files(&operation.origin).await;
        let job = CopyJob {
            shared: self.shared.clone(),
            operation: operation.clone(),
            files,
            below: below.clone(),
        };
        let (job, key, prepared) =
            blocking(move || job.key().map(|(key, prepared)| (job, key, prepared))).await?;
        let _flight = self.shared.cache.flights.enter(&key).await;
        if let Some(made) = self.find(stage, &key, cached).await {
            return Ok(made);
        }
        let copied = blocking(move || job.execute(prepared)).await?;
        self.warn(copied.warnings);
        self.shared.store_step(&key, copied.layer).await
    }

    async fn workdir_step(
        &self,
        stage: &NamedStage,
        operation: &WorkdirOperation,
        below: &Layers,
        cached: &mut bool,
    ) -> Result<Made, StepError> {
        let key = keys::workdir(operation, &below.chain());
        let _flight = self.shared.cache.flights.enter(&key).await;
        if let Some(made) = self.find(stage, &key, cached).await {
            return Ok(made);
        }
        let (shared, operation, below) = (self.shared.clone(), operation.clone(), below.clone());
        let (layer, warning) = blocking(move || workdir::execute(&shared, &operation, &below)).await?;
        self.warn(warning);
        self.shared.store_step(&key, layer).await
    }

    fn warn(&self, messages: impl IntoIterator<Item = String>) {
        messages.into_iter().for_each(|message| (self.events())(BuildEvent::Warning { message }));
    }

    async fn find(&self, stage: &NamedStage, key: &str, cached: &mut bool) -> Option<Made> {
        if !stage.use_cache {
            return None;
        }
        let made = self.shared.find_step(key).await;
        *cached = made.is_some();
        made
    }
}

fn without_output(error: StepError) -> (StepError, Vec<String>) {
    (error, Vec::new())
}

/// `[builder 2/5] RUN make`, or `[2/5] RUN make` in a file with one stage.
pub(crate) fn step_name(stage: &str, number: usize, count: usize, source: &str) -> String {
    match stage {
        "" => format!("[{number}/{count}] {source}"),
        stage => format!("[{stage} {number}/{count}] {source}"),
    }
}

fn history(entry: &Entry, created: Option<String>) -> Option<History> {
    let created_by = entry.created_by.clone()?;
    Some(History {
        empty_layer: created.is_none(),
        created,
        created_by: Some(created_by),
        comment: Some("buildkit.dockerfile.v0".to_owned()),
        ..History::default()
    })
}
