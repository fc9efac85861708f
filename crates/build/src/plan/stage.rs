//! One stage's instructions to a [`StagePlan`].

use std::collections::BTreeMap;

use super::arguments::Arguments;
use super::graph::{Base, Names};
use super::operation::{Operation, Origin, WorkdirOperation};
use super::run::{self, RunContext};
use super::state::StageState;
use super::{metadata, transfer};
use crate::dockerfile::{ArgDefinition, DockerfileError, Instruction, InstructionKind, Problem, Stage};
use crate::paths;
use crate::request::BuildRequest;

/// Everything that building one stage needs.
#[derive(Debug, Clone)]
pub(crate) struct StagePlan {
    pub base: Base,
    /// One per instruction, in order.
    pub entries: Vec<Entry>,
    /// Configuration and variables after the last instruction.
    pub state: StageState,
}

/// What one instruction does.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// One-based line in the Dockerfile.
    pub line: u32,
    /// The instruction as written, for messages.
    pub source: String,
    /// History text, where there is history.
    pub created_by: Option<String>,
    /// What makes a layer; `None` for metadata.
    pub operation: Option<Operation>,
}

/// What all stages of a build share.
pub(crate) struct Planner<'a> {
    pub names: Names<'a>,
    pub arguments: &'a Arguments,
    pub request: &'a BuildRequest,
}

impl Planner<'_> {
    /// Plans the stage `index`, which starts from `base` in the given state.
    pub fn stage(&self, index: usize, base: Base, state: StageState) -> Result<StagePlan, DockerfileError> {
        let stage: &Stage = &self.names.file.stages[index];
        let mut plan = StagePlan { base, entries: Vec::new(), state };
        for instruction in &stage.instructions {
            let (created_by, operation) =
                self.instruction(index, &mut plan.state, instruction).map_err(|problem| {
                    self.names.file.error_at(instruction.line, &instruction.source, problem)
                })?;
            plan.entries.push(Entry {
                line: instruction.line,
                source: instruction.source.clone(),
                created_by,
                operation,
            });
        }
        Ok(plan)
    }

    fn instruction(
        &self,
        index: usize,
        state: &mut StageState,
        instruction: &Instruction,
    ) -> Result<(Option<String>, Option<Operation>), Problem> {
        let escape = self.names.file.escape;
        let (operation, text) = match &instruction.kind {
            InstructionKind::Arg(definitions) => return Ok((Some(self.arg(state, definitions)?), None)),
            InstructionKind::Workdir(path) => return workdir(state, &state.word(escape, path)?),
            InstructionKind::Run(run) => {
                run::run(state, run, &self.run_context(&|from| self.names.origin(from, index)))?
            }
            InstructionKind::Copy(copy) => {
                transfer::copy(state, escape, copy, self.names.origin(copy.from.as_deref(), index)?)?
            }
            InstructionKind::Add(add) => transfer::add(state, escape, add)?,
            kind => return Ok((metadata::apply(state, escape, kind)?, None)),
        };
        Ok((Some(text), Some(operation)))
    }

    fn run_context<'b>(
        &'b self,
        origin: &'b dyn Fn(Option<&str>) -> Result<Origin, Problem>,
    ) -> RunContext<'b> {
        RunContext {
            arguments: self.arguments,
            escape: self.names.file.escape,
            network: self.request.network,
            allow_host_network: self.request.allow_host_network,
            origin,
        }
    }

    fn arg(&self, state: &mut StageState, definitions: &[ArgDefinition]) -> Result<String, Problem> {
        let mut shown = Vec::new();
        for definition in definitions {
            let default = definition.default.as_deref();
            let default = default.map(|text| state.word(self.names.file.escape, text)).transpose()?;
            match self.arguments.declared(&definition.name, default) {
                Some(value) => {
                    shown.push(format!("{}={value}", definition.name));
                    state.set_argument(&definition.name, value);
                }
                None => {
                    shown.push(definition.name.clone());
                    // History counts it, as in Docker; nothing else changes (contract 8.3.4).
                    state.arguments.entry(definition.name.clone()).or_default();
                }
            }
        }
        Ok(format!("ARG {}", shown.join(" ")))
    }
}

fn workdir(state: &mut StageState, path: &str) -> Result<(Option<String>, Option<Operation>), Problem> {
    if path.is_empty() {
        return Err(Problem::new("WORKDIR: the path is empty after variables were expanded"));
    }
    let path = paths::absolute(state.working_directory(), path);
    state.image.config.working_dir.clone_from(&path);
    let text = format!("WORKDIR {path}");
    let operation = WorkdirOperation { user: state.image.config.user.clone(), path };
    let makes_layer = operation.path != "/";
    Ok((Some(text), makes_layer.then_some(Operation::Workdir(operation))))
}

/// The instructions that a base's triggers put in front of a stage (contract 8.2.10).
pub(crate) fn triggers(stage: &Stage, texts: &[String]) -> Result<Vec<Instruction>, Problem> {
    texts
        .iter()
        .map(|text| {
            let kind = crate::dockerfile::parse_trigger(text, '\\')?;
            Ok(Instruction { line: stage.line, source: text.clone(), kind })
        })
        .collect()
}

/// The labels given from outside come last.
pub(crate) fn add_labels(state: &mut StageState, labels: &BTreeMap<String, String>) {
    state.image.config.labels.extend(labels.iter().map(|(name, value)| (name.clone(), value.clone())));
}
