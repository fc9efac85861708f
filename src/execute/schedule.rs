//! Which steps of a plan are where, and which can begin. Does nothing by itself.

use super::texts;
use crate::plan::step::{Part, Phase, Plan, StepId};

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Running,
    Succeeded,
    Failed,
    Skipped,
}

/// Which steps are where.
pub(super) struct Schedule<'p> {
    plan: &'p Plan,
    pub states: Vec<Progress>,
    dependents: Vec<Vec<StepId>>,
    /// Steps that each step still waits for.
    missing: Vec<usize>,
}

impl<'p> Schedule<'p> {
    pub fn new(plan: &'p Plan) -> Schedule<'p> {
        let mut dependents = vec![Vec::new(); plan.steps.len()];
        for (id, step) in plan.steps.iter().enumerate() {
            for before in step.after.iter().chain(&step.after_optional) {
                dependents[*before].push(id);
            }
        }
        let missing = plan.steps.iter().map(|step| step.after.len() + step.after_optional.len()).collect();
        Schedule { plan, states: vec![Progress::Waiting; plan.steps.len()], dependents, missing }
    }

    /// Steps that wait for nothing.
    pub fn initial(&self) -> Vec<StepId> {
        (0..self.missing.len()).filter(|id| self.missing[*id] == 0).collect()
    }

    /// Marks a step finished and gives those that can start now.
    pub fn finish(&mut self, id: StepId, state: Progress) -> Vec<StepId> {
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

    /// Marks a step of an update as failed and the rest of its replica's as skipped. What waits for the replica is
    /// told by [`Schedule::leave_place`].
    pub fn fail_place(&mut self, id: StepId, part: Part) {
        self.states[id] = Progress::Failed;
        for step in 0..self.states.len() {
            if self.is_of(step, part) && self.states[step] == Progress::Waiting {
                self.states[step] = Progress::Skipped;
            }
        }
    }

    /// Ends a replica that failed: what waits for it goes on, if `tolerated`, or is skipped. Gives what can start now.
    pub fn leave_place(&mut self, part: Part, tolerated: bool) -> Vec<StepId> {
        let mut ready = Vec::new();
        let ended: Vec<StepId> = (0..self.states.len())
            .filter(|id| self.is_of(*id, part) && self.states[*id] != Progress::Succeeded)
            .collect();
        for id in ended {
            let state = self.states[id];
            ready.extend(self.finish(id, if tolerated { Progress::Succeeded } else { state }));
            self.states[id] = state;
        }
        ready
    }

    fn is_of(&self, id: StepId, part: Part) -> bool {
        let own = self.plan.steps[id].part;
        own.is_some_and(|own| (own.rollout, own.place) == (part.rollout, part.place))
    }

    /// States of the steps that bring one replica to its new form.
    fn of_update(&self, rollout: usize) -> impl Iterator<Item = (usize, Progress)> {
        let parts = self.plan.steps.iter().zip(&self.states);
        parts.filter_map(move |(step, state)| {
            let part = step.part.filter(|part| part.rollout == rollout && part.phase == Phase::Update)?;
            Some((part.place, *state))
        })
    }

    /// Whether nothing of an update runs or will run.
    pub fn is_still(&self, rollout: usize) -> bool {
        self.of_update(rollout).all(|(_, state)| !matches!(state, Progress::Waiting | Progress::Running))
    }

    /// How far the replica at `place` came.
    pub fn reached(&self, rollout: usize, place: usize) -> Reached {
        let states: Vec<Progress> =
            self.of_update(rollout).filter(|(other, _)| *other == place).map(|(_, state)| state).collect();
        if states.iter().all(|state| *state == Progress::Succeeded) {
            Reached::End
        } else if states.iter().all(|state| matches!(state, Progress::Waiting | Progress::Skipped)) {
            Reached::Nothing
        } else {
            Reached::Middle
        }
    }

    /// What was skipped, in words, each thing once. Of updates their own report tells.
    pub fn skipped(&self) -> Vec<String> {
        let skipped = self.states.iter().zip(&self.plan.steps);
        let skipped = skipped.filter(|(state, step)| **state == Progress::Skipped && step.part.is_none());
        let mut names: Vec<String> = skipped.flat_map(|(_, step)| texts::resources(&step.action)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether everything that waits for a step can do without it.
    pub fn is_optional(&self, id: StepId) -> bool {
        let dependents = &self.dependents[id];
        !dependents.is_empty() && dependents.iter().all(|d| self.plan.steps[*d].after_optional.contains(&id))
    }
}

/// How far the update of a replica came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// It was not begun.
    Nothing,
    /// It is neither the old one nor the new one yet.
    Middle,
    /// The new one serves.
    End,
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

    /// Two replicas of two steps, one after the other, then a step that ends both.
    fn update() -> Plan {
        let mut plan = Plan::default();
        let step = |name: &str| Action::RemoveVolume(name.to_owned());
        let part = |place, phase| Some(Part { rollout: 0, place, phase });
        let mut before = Vec::new();
        for place in 0..2 {
            for name in ["make", "watch"] {
                let id = plan.push(step(name), Reason::Asked, before);
                plan.steps[id].part = part(place, Phase::Update);
                before = vec![id];
            }
        }
        let end = plan.push(step("end"), Reason::Asked, vec![1, 3]);
        plan.steps[end].part = part(1, Phase::Finish);
        plan.push(step("dependent"), Reason::Asked, vec![end]);
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

    #[test]
    fn a_tolerated_failure_lets_the_others_go_on() {
        let plan = update();
        let mut schedule = Schedule::new(&plan);
        schedule.fail_place(0, plan.steps[0].part.unwrap());
        assert!(!schedule.is_still(0));
        assert_eq!(schedule.leave_place(plan.steps[0].part.unwrap(), true), [2]);
        assert_eq!((schedule.reached(0, 0), schedule.reached(0, 1)), (Reached::Middle, Reached::Nothing));
        assert_eq!(schedule.finish(2, Progress::Succeeded), [3]);
        assert_eq!(schedule.finish(3, Progress::Succeeded), [4]);
        assert_eq!(schedule.reached(0, 1), Reached::End);
        assert!(schedule.is_still(0));
    }

    #[test]
    fn another_failure_stops_the_update_and_what_waits_for_it() {
        let plan = update();
        let mut schedule = Schedule::new(&plan);
        schedule.fail_place(0, plan.steps[0].part.unwrap());
        assert!(schedule.leave_place(plan.steps[0].part.unwrap(), false).is_empty());
        assert!(schedule.is_still(0));
        assert_eq!(schedule.states[5], Progress::Skipped);
        assert_eq!(schedule.skipped(), ["Volume dependent"]);
    }
}
