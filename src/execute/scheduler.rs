//! Runs steps as soon as their edges allow; a failed step skips what depends on it.

use std::collections::VecDeque;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};

use super::effects;
use super::events::ContainerEvents;
use super::failure::{ExecuteError, StepError};
use super::rollouts::{Mended, Rollouts};
use super::schedule::{Progress, Schedule};
use super::{Runner, rollback, texts};
use crate::plan::step::{Phase, Plan, Step, StepId};

/// What came to its end.
enum Ended {
    /// A step; without a result it was dropped because of an interrupt.
    Step(StepId, Option<Result<(), StepError>>),
    /// What an update did about a failure.
    Mended(Mended),
}

/// A plan that is being run.
struct Run<'p> {
    plan: &'p Plan,
    runner: &'p Runner,
    schedule: Schedule<'p>,
    rollouts: Rollouts<'p>,
    ready: VecDeque<StepId>,
    running: FuturesUnordered<BoxFuture<'p, Ended>>,
    failures: Vec<StepError>,
    /// Number of the plan's first step in the timings.
    timed_from: usize,
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
    let mut run = Run::new(plan, runner);
    loop {
        run.begin_steps(events.as_ref());
        run.mend();
        let Some(ended) = run.running.next().await else { break };
        match ended {
            Ended::Step(id, result) => run.step_ended(id, result),
            Ended::Mended(mended) => run.ready.extend(run.rollouts.mended(&mut run.schedule, mended)),
        }
    }
    run.end().await
}

impl<'p> Run<'p> {
    fn new(plan: &'p Plan, runner: &'p Runner) -> Run<'p> {
        let schedule = Schedule::new(plan);
        let ready = schedule.initial().into();
        let (running, failures) = (FuturesUnordered::new(), Vec::new());
        let timed_from = runner.timings.as_ref().map_or(0, |timings| timings.plan_begins(plan));
        Run { plan, runner, schedule, rollouts: Rollouts::new(plan), ready, running, failures, timed_from }
    }

    fn begin_steps(&mut self, events: Option<&'p ContainerEvents>) {
        let limit = self.runner.parallel.unwrap_or(usize::MAX);
        while self.running.len() < limit && !self.runner.interrupt.is_raised() {
            let Some(id) = self.ready.pop_front() else { break };
            self.schedule.states[id] = Progress::Running;
            if let Some(timings) = &self.runner.timings {
                timings.step_begins(self.timed_from, id);
            }
            self.running.push(step(self.runner, events, id, &self.plan.steps[id]).boxed());
        }
    }

    /// Has updates do what they have to about failures.
    fn mend(&mut self) {
        if self.runner.interrupt.is_raised() {
            return;
        }
        for work in self.rollouts.due(&self.schedule) {
            self.running.push(work.run(self.runner).map(Ended::Mended).boxed());
        }
    }

    fn step_ended(&mut self, id: StepId, result: Option<Result<(), StepError>>) {
        if let Some(timings) = &self.runner.timings {
            timings.step_ends(self.timed_from, id);
        }
        let Some(result) = result else {
            self.schedule.states[id] = Progress::Skipped;
            return;
        };
        let Err(error) = result else {
            self.ready.extend(self.schedule.finish(id, Progress::Succeeded));
            return;
        };
        if let Some(part) = self.plan.steps[id].part.filter(|part| part.phase == Phase::Update) {
            self.schedule.fail_place(id, part);
            self.ready.extend(self.rollouts.failed(&mut self.schedule, part, error, self.runner));
            return;
        }
        if self.schedule.is_optional(id) {
            self.runner.progress.warning(&format!("optional dependency: {error}"));
        } else {
            self.failures.push(error);
        }
        self.ready.extend(self.schedule.finish(id, Progress::Failed));
    }

    async fn end(mut self) -> Result<(), ExecuteError> {
        if self.runner.interrupt.is_raised() {
            self.rollouts.interrupted(&self.schedule, self.runner).await;
            rollback::run(self.plan, self.runner).await;
            return Err(ExecuteError::Interrupted);
        }
        self.failures.extend(self.rollouts.reports(&self.schedule));
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(ExecuteError::Failed { failures: self.failures, skipped: self.schedule.skipped() })
        }
    }
}

async fn step(runner: &Runner, events: Option<&ContainerEvents>, id: StepId, step: &Step) -> Ended {
    texts::begin(runner, step);
    let result = tokio::select! {
        biased;
        result = effects::run(runner, events, step) => Some(result),
        // What takes long and leaves nothing half-made is dropped; a short call is better finished.
        () = runner.interrupt.raised(1), if texts::is_long(&step.action) => None,
        () = runner.interrupt.raised(2) => None,
    };
    if let Some(result) = &result
        && !runner.interrupt.is_raised()
    {
        texts::end(runner, step, result);
    }
    Ended::Step(id, result.map(|result| result.map(|_| ())))
}
