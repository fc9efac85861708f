//! When the steps of a command began and ended, over all the plans that it runs.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::output::timings::Timed;
use crate::plan::step::{Action, Plan, StepId};

/// A record in the making; the clock starts when it is made.
#[derive(Debug)]
pub struct Timings {
    origin: Instant,
    record: Mutex<Vec<Timed>>,
}

impl Default for Timings {
    fn default() -> Timings {
        Timings { origin: Instant::now(), record: Mutex::default() }
    }
}

impl Timings {
    /// What is known now, and the time since the clock started.
    pub fn report(&self) -> (Vec<Timed>, std::time::Duration) {
        (self.record().clone(), self.origin.elapsed())
    }

    /// A plan begins; its steps wait for what earlier plans did. Gives the number of its first step in the record.
    pub(super) fn plan_begins(&self, plan: &Plan) -> usize {
        let mut record = self.record();
        let first = record.len();
        let earlier: Vec<usize> = (0..first).collect();
        record.extend(plan.steps.iter().map(|step| {
            let own = step.after.iter().chain(&step.after_optional).map(|id| first + id);
            let after = if step.after.is_empty() { earlier.clone() } else { Vec::new() };
            Timed {
                text: step.action.to_string(),
                kind: kind(&step.action),
                after: after.into_iter().chain(own).collect(),
                ..Timed::default()
            }
        }));
        first
    }

    pub(super) fn step_begins(&self, first: usize, id: StepId) {
        let now = self.origin.elapsed();
        self.record()[first + id].began = Some(now);
    }

    pub(super) fn step_ends(&self, first: usize, id: StepId) {
        let now = self.origin.elapsed();
        self.record()[first + id].ended = Some(now);
    }

    fn record(&self) -> MutexGuard<'_, Vec<Timed>> {
        // Entries are whole at any moment.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the time was spent on.
fn kind(action: &Action) -> &'static str {
    match action {
        Action::PullImage(_) => "pull",
        Action::BuildImage(_) => "build",
        Action::CreateContainer { .. } | Action::CreateNetwork(_) | Action::CreateVolume(_) => "create",
        Action::StartContainer(_) | Action::RestartContainer(..) | Action::UnpauseContainer(_) => "start",
        Action::StopContainer(..) | Action::KillContainer(..) => "stop",
        Action::RunHook { .. } => "hook",
        action if action.is_wait() => "wait",
        _ => "other",
    }
}
