//! An update of a service's replicas, one place after the other, and what undoes it.
//!
//! A replica's *place* is its number: the old container holds it, then the new one. The old one is kept, stopped, until the
//! whole update is done, so that the way back is to start it again: nothing has to be made from memory. Everything here
//! follows from the plan alone; what is already done may be done again.

use super::desired::Pace;
use super::step::{Action, ContainerTarget, Part, Phase, Plan, Readiness, Reason, StepId, StopTimeout};

/// An update of one service.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// The service.
    pub service: String,
    /// Its places, in the order in which they are updated.
    pub places: Vec<Place>,
    /// The pace, and what to do about failures.
    pub pace: Pace,
    /// The pace of the way back.
    pub back: Pace,
    /// Where it leads.
    pub direction: Direction,
    /// Of every stop.
    pub stop_timeout: StopTimeout,
}

/// Where an update leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the new configuration.
    Forward,
    /// To the old one.
    Back,
}

/// A replica by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of whoever holds it in the end.
    pub name: String,
    /// The container that holds it before; `None` for a replica that is added.
    pub old: Option<ContainerTarget>,
    /// The container that holds it after, under the name that it is made with.
    pub new: ContainerTarget,
}

/// Plans the places in groups as large as the pace allows. `steps` plans one place after the given steps and gives its last
/// step; the last steps of all places are returned.
pub fn in_groups(
    plan: &mut Plan,
    pace: &Pace,
    count: usize,
    mut steps: impl FnMut(&mut Plan, usize, Vec<StepId>) -> StepId,
) -> Vec<StepId> {
    let mut ends = Vec::new();
    let mut before: Vec<StepId> = Vec::new();
    let places: Vec<usize> = (0..count).collect();
    for group in places.chunks(pace.parallelism.min(count.max(1))) {
        if !before.is_empty() && !pace.delay.is_zero() {
            let why = Reason::Policy("delay between groups".to_owned());
            before = vec![plan.push(Action::Delay(pace.delay), why, before)];
        }
        before = group.iter().map(|place| steps(plan, *place, before.clone())).collect();
        ends.extend_from_slice(&before);
    }
    ends
}

/// Marks the steps of a plan from `first` on as those of a place.
pub fn mark(plan: &mut Plan, first: StepId, rollout: usize, place: usize, phase: Phase) {
    for step in &mut plan.steps[first..] {
        step.part = Some(Part { rollout, place, phase });
    }
}

impl Rollout {
    /// Why a step of a place is there.
    pub fn reason(&self, place: usize) -> Reason {
        let (number, of) = (place + 1, self.places.len());
        match self.direction {
            Direction::Forward => Reason::Update { number, of },
            Direction::Back => Reason::Rollback { number, of },
        }
    }

    /// What a place that failed needs: the old container serves again. On the way back the old one stays as it is, and
    /// only the new one goes.
    pub fn give_up(&self, place: usize) -> Plan {
        let mut plan = Plan::default();
        let removed = self.discard(&mut plan, place, Vec::new());
        let Some(old) = &self.places[place].old else { return plan };
        if self.direction == Direction::Forward {
            let started = plan.push(Action::StartContainer(old.clone()), self.reason(place), vec![removed]);
            let ready = Action::Wait {
                until: Readiness::Ready,
                containers: vec![old.clone()],
                service: self.service.clone(),
            };
            plan.push(ready, self.reason(place), vec![started]);
        }
        plan
    }

    /// Makes what `places` have reached final: their new containers take the place of the old ones.
    pub fn settle(&self, places: &[usize]) -> Plan {
        let mut plan = Plan::default();
        for place in places {
            self.finish(&mut plan, *place, Vec::new());
        }
        plan
    }

    /// The way back of `places`, which are updated already.
    pub fn way_back(&self, places: &[usize]) -> Plan {
        let mut plan = Plan::default();
        let rollout = Rollout {
            places: places.iter().map(|place| self.places[*place].clone()).collect(),
            pace: self.back.clone(),
            direction: Direction::Back,
            ..self.clone()
        };
        in_groups(&mut plan, &rollout.pace, rollout.places.len(), |plan, place, after| {
            rollout.place_back(plan, place, after)
        });
        plan.rollouts.push(rollout);
        plan
    }

    fn place_back(&self, plan: &mut Plan, place: usize, after: Vec<StepId>) -> StepId {
        let first = plan.steps.len();
        let last = match &self.places[place].old {
            None => self.discard(plan, place, after),
            Some(old) if self.pace.start_first => {
                let ready = self.bring_up(plan, place, old, after);
                self.discard(plan, place, vec![ready])
            }
            Some(old) => {
                let stopped = self.stop_new(plan, place, after);
                let ready = self.bring_up(plan, place, old, vec![stopped]);
                self.remove_new(plan, place, vec![ready])
            }
        };
        mark(plan, first, 0, place, Phase::Update);
        last
    }

    /// Starts a container and watches it.
    pub fn bring_up(
        &self,
        plan: &mut Plan,
        place: usize,
        container: &ContainerTarget,
        after: Vec<StepId>,
    ) -> StepId {
        let started = plan.push(Action::StartContainer(container.clone()), self.reason(place), after);
        let watch = Action::Watch { container: container.clone(), monitor: self.pace.monitor };
        plan.push(watch, Reason::OnFailure(self.pace.on_failure), vec![started])
    }

    /// The new container stops and goes.
    fn discard(&self, plan: &mut Plan, place: usize, after: Vec<StepId>) -> StepId {
        let stopped = self.stop_new(plan, place, after);
        self.remove_new(plan, place, vec![stopped])
    }

    fn stop_new(&self, plan: &mut Plan, place: usize, after: Vec<StepId>) -> StepId {
        let stop = Action::StopContainer(self.places[place].new.clone(), self.stop_timeout);
        plan.push(stop, self.reason(place), after)
    }

    /// The new container goes, and the volumes that came with it.
    fn remove_new(&self, plan: &mut Plan, place: usize, after: Vec<StepId>) -> StepId {
        let container = self.places[place].new.clone();
        let remove = Action::RemoveContainer { container, volumes: true, force: true };
        plan.push(remove, self.reason(place), after)
    }

    /// The old container goes, and the new one gets its name. Gives the last step.
    pub fn finish(&self, plan: &mut Plan, index: usize, after: Vec<StepId>) -> Option<StepId> {
        let place = &self.places[index];
        let old = place.old.as_ref()?;
        let remove = Action::RemoveContainer { container: old.clone(), volumes: false, force: false };
        let removed = plan.push(remove, Reason::Replaces(place.name.clone()), after);
        let rename = Action::RenameContainer { from: place.new.name.clone(), to: place.name.clone() };
        Some(plan.push(rename, Reason::Replaces(place.name.clone()), vec![removed]))
    }
}
