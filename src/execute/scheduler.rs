//! Runs steps as soon as their edges allow; a failed step skips what depends on it.

use std::collections::VecDeque;

use futures::stream::{FuturesUnordered, StreamExt};

use super::effects;
use super::events::ContainerEvents;
use super::failure::{ExecuteError, StepError};
use super::{Runner, rollback, texts};
use crate::plan::step::{Plan, Step, StepId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running,
    Succeeded,
    Failed,
    Skipped,
}

/// Which steps are where.
struct Schedule<'p> {
    plan: &'p Plan,
    states: Vec<Progress>,
    dependents: Vec<Vec<StepId>>,
    /// Steps that each step still waits for.
    missing: Vec<usize>,
}

impl<'p> Schedule<'p> {
    fn new(plan: &'p Plan) -> Schedule<'p> {
        let mut dependents = vec![Vec::new(); plan.steps.len()];
        for (id, step) in plan.steps.iter().enumerate() {
            for before in step.after.iter().chain(&step.after_optional) {
                dependents[*before].push(id);
            }
        }
        let missing = plan.steps.iter().map(|step| step.after.len() + step.after_optional.len()).collect();
        Schedule { plan, states: vec![Progress::Waiting; plan.steps.len()], dependents, missing }
    }

    fn initial(&self) -> Vec<StepId> {
        (0..self.missing.len()).filter(|id| self.missing[*id] == 0).collect()
    }

    /// Marks a step finished and gives those that can start now.
    fn finish(&mut self, id: StepId, state: Progress) -> Vec<StepId> {
        self.states[id] = state;
        let mut ready = Vec::new();
        for dependent in self.dependents[id].clone() {
            self.missing[dependent] -= 1;
            let needs = self.plan.steps[dependent].after.contains(&id);
            if needs && state != Progress::Succeeded && self.states[dependent] == Progress::Waiting {
                ready.extend(self.finish(dependent, Progress::Skipped));
            } else if self.missing[dependent] == 0 && self.states[dependent] == Progress::Waiting {
                ready.push(dependent);
            }
        }
        ready
    }

    /// What was skipped, in words, each thing once.
    fn skipped(&self) -> Vec<String> {
        let skipped =
            self.states.iter().zip(&self.plan.steps).filter(|(state, _)| **state == Progress::Skipped);
        let mut names: Vec<String> = skipped.flat_map(|(_, step)| texts::resources(&step.action)).collect();
        names.sort();
        names.dedup();
        names
    }

    fn is_optional(&self, id: StepId) -> bool {
        let dependents = &self.dependents[id];
        !dependents.is_empty() && dependents.iter().all(|d| self.plan.steps[*d].after_optional.contains(&id))
    }
}

/// Runs a plan to its end.
///
/// # Errors
/// Steps that failed, or an interrupt; what was half-made is taken back.
pub async fn run(plan: &Plan, runner: &Runner) -> Result<(), ExecuteError> {
    if plan.is_empty() {
        return Ok(());
    }
    let waits = plan.steps.iter().any(|step| step.action.is_wait());
    let events = waits.then(|| ContainerEvents::subscribe(&runner.engine, &runner.project));
    let mut schedule = Schedule::new(plan);
    let mut failures = Vec::new();
    let mut running = FuturesUnordered::new();
    let mut ready: VecDeque<StepId> = schedule.initial().into();
    let limit = runner.parallel.unwrap_or(usize::MAX);
    loop {
        while running.len() < limit && !runner.interrupt.is_raised() {
            let Some(id) = ready.pop_front() else { break };
            schedule.states[id] = Progress::Running;
            running.push(step(runner, events.as_ref(), id, &plan.steps[id]));
        }
        let Some((id, result)) = running.next().await else { break };
        ready.extend(finish(&mut schedule, &mut failures, runner, id, result));
    }
    if runner.interrupt.is_raised() {
        rollback::run(plan, runner).await;
        return Err(ExecuteError::Interrupted);
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(ExecuteError::Failed { failures, skipped: schedule.skipped() })
    }
}

fn finish(
    schedule: &mut Schedule<'_>,
    failures: &mut Vec<StepError>,
    runner: &Runner,
    id: StepId,
    result: Result<(), StepError>,
) -> Vec<StepId> {
    match result {
        Ok(()) => schedule.finish(id, Progress::Succeeded),
        Err(error) => {
            if schedule.is_optional(id) {
                runner.progress.warning(&format!("optional dependency: {error}"));
            } else {
                failures.push(error);
            }
            schedule.finish(id, Progress::Failed)
        }
    }
}

async fn step(
    runner: &Runner,
    events: Option<&ContainerEvents>,
    id: StepId,
    step: &Step,
) -> (StepId, Result<(), StepError>) {
    texts::begin(runner, step);
    let result = tokio::select! {
        biased;
        result = effects::run(runner, events, step) => result,
        // What takes long and leaves nothing half-made is dropped; a short call is better finished.
        () = runner.interrupt.raised(1), if texts::is_long(&step.action) => Ok(()),
        () = runner.interrupt.raised(2) => Ok(()),
    };
    if !runner.interrupt.is_raised() {
        texts::end(runner, step, result.as_ref().err());
    }
    (id, result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::step::{Action, Reason};

    fn plan() -> Plan {
        let mut plan = Plan::default();
        let remove = |name: &str| Action::RemoveVolume(name.to_owned());
        let a = plan.push(remove("a"), Reason::Asked, vec![]);
        let b = plan.push(remove("b"), Reason::Asked, vec![a]);
        plan.push(remove("c"), Reason::Asked, vec![b]);
        let d = plan.push(remove("d"), Reason::Asked, vec![]);
        plan.steps[d].after_optional.push(a);
        plan
    }

    #[test]
    fn a_failure_skips_what_needs_it_and_nothing_else() {
        let plan = plan();
        let mut schedule = Schedule::new(&plan);
        assert_eq!(schedule.initial(), [0]);
        assert_eq!(schedule.finish(0, Progress::Failed), [3]);
        assert_eq!(schedule.skipped(), ["Volume b", "Volume c"]);
    }

    #[test]
    fn a_success_frees_its_dependents() {
        let plan = plan();
        let mut schedule = Schedule::new(&plan);
        assert_eq!(schedule.finish(0, Progress::Succeeded), [1, 3]);
        assert_eq!(schedule.finish(1, Progress::Succeeded), [2]);
        assert!(schedule.skipped().is_empty());
    }
}
