//! What becomes of failures in updates: the declared policy, and nothing else. Every repair is a plan that follows from the
//! update itself (`plan::rollout`) and is run as any other.

use futures::future::{BoxFuture, FutureExt};

use super::failure::StepError;
use super::interrupt::Interrupt;
use super::schedule::{Reached, Schedule};
use super::update_failure::{Outcome, UpdateFailure};
use super::{Runner, scheduler};
use crate::plan::rollout::{Direction, Rollout};
use crate::plan::step::{FailureAction, Part, Plan, StepId};

/// All updates of a plan.
pub(super) struct Rollouts<'p> {
    all: Vec<Tracked<'p>>,
    due: Vec<Mending>,
}

/// One update, and what went wrong in it.
struct Tracked<'p> {
    rollout: &'p Rollout,
    /// Replicas that failed, by place.
    failed: Vec<(usize, StepError)>,
    /// Replicas that are being given back to their old containers.
    giving_up: usize,
    /// More failed than is tolerated.
    exceeded: bool,
    /// No further replica is updated.
    stopped: bool,
    /// What is done about the stop has begun.
    settling: bool,
    /// Replicas that something else stopped half-way are being given up.
    swept: bool,
    /// What went wrong in repairing.
    troubles: Vec<String>,
}

/// Work that an update has to do about failures.
pub(super) struct Mending {
    rollout: usize,
    /// The replica that is given up; `None`: the whole update comes to rest.
    part: Option<Part>,
    plan: Plan,
}

/// Such work at its end.
pub(super) struct Mended {
    rollout: usize,
    part: Option<Part>,
    trouble: Option<String>,
}

impl Mending {
    /// Does it, to the end: half of it would be worse than none.
    pub fn run(self, runner: &Runner) -> BoxFuture<'static, Mended> {
        let runner = Runner { interrupt: Interrupt::never(), ..runner.clone() };
        async move {
            let result = scheduler::run(&self.plan, &runner).await;
            Mended {
                rollout: self.rollout,
                part: self.part,
                trouble: result.err().map(|error| error.to_string()),
            }
        }
        .boxed()
    }
}

impl<'p> Rollouts<'p> {
    /// The updates of a plan; nothing has failed yet.
    pub fn new(plan: &'p Plan) -> Rollouts<'p> {
        let tracked = |rollout| Tracked {
            rollout,
            failed: Vec::new(),
            giving_up: 0,
            exceeded: false,
            stopped: false,
            settling: false,
            swept: false,
            troubles: Vec::new(),
        };
        Rollouts { all: plan.rollouts.iter().map(tracked).collect(), due: Vec::new() }
    }

    /// A step of a replica failed: the replica is given up, and the policy says what that means for the others.
    /// Gives the steps that can start now.
    pub fn failed(
        &mut self,
        schedule: &mut Schedule<'_>,
        part: Part,
        error: StepError,
        runner: &Runner,
    ) -> Vec<StepId> {
        let tracked = &mut self.all[part.rollout];
        let name = &tracked.rollout.places[part.place].name;
        runner.progress.warning(&format!("service {}: {name}: {error}", tracked.rollout.service));
        tracked.failed.push((part.place, error));
        tracked.giving_up += 1;
        tracked.judge();
        let plan = tracked.rollout.give_up(part.place);
        self.due.push(Mending { rollout: part.rollout, part: Some(part), plan });
        if tracked.stopped { schedule.leave_place(part, false) } else { Vec::new() }
    }

    /// Repairs that can begin now.
    pub fn due(&mut self, schedule: &Schedule<'_>) -> Vec<Mending> {
        let mut due = std::mem::take(&mut self.due);
        for (index, tracked) in self.all.iter_mut().enumerate() {
            let rests = tracked.giving_up == 0 && schedule.is_still(index);
            if rests && !tracked.swept {
                tracked.swept = true;
                let left = tracked.left_half_way(schedule, index);
                due.extend(left.map(|plan| Mending { rollout: index, part: None, plan }));
            }
            if tracked.stopped && !tracked.settling && rests {
                tracked.settling = true;
                due.push(Mending { rollout: index, part: None, plan: tracked.rest(schedule, index) });
            }
        }
        due
    }

    /// A repair ended. Gives the steps that can start now.
    pub fn mended(&mut self, schedule: &mut Schedule<'_>, mended: Mended) -> Vec<StepId> {
        let tracked = &mut self.all[mended.rollout];
        tracked.troubles.extend(mended.trouble);
        let Some(part) = mended.part else { return Vec::new() };
        tracked.giving_up -= 1;
        if tracked.stopped { Vec::new() } else { schedule.leave_place(part, true) }
    }

    /// After an interrupt: what is done stays, what is half done is taken back.
    pub async fn interrupted(&mut self, schedule: &Schedule<'_>, runner: &Runner) {
        for (index, tracked) in self.all.iter().enumerate().filter(|(_, tracked)| !tracked.settling) {
            let reached = |place: &usize| schedule.reached(index, *place);
            let (done, half): (Vec<usize>, Vec<usize>) = (0..tracked.rollout.places.len())
                .filter(|place| reached(place) != Reached::Nothing)
                .partition(|place| reached(place) == Reached::End);
            let plans = half.iter().map(|place| tracked.rollout.give_up(*place));
            for plan in plans.chain([tracked.rollout.settle(&done)]) {
                let mended = Mending { rollout: index, part: None, plan }.run(runner).await;
                if let Some(trouble) = mended.trouble {
                    runner.progress.warning(&trouble);
                }
            }
        }
    }

    /// What to tell about updates in which more failed than is tolerated.
    pub fn reports(self, schedule: &Schedule<'_>) -> Vec<StepError> {
        let exceeded = self.all.into_iter().enumerate().filter(|(_, tracked)| tracked.exceeded);
        exceeded
            .map(|(index, tracked)| StepError::Update(Box::new(tracked.report(schedule, index))))
            .collect()
    }
}

impl Tracked<'_> {
    fn judge(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "there are at most some thousand replicas")]
        let share = self.failed.len() as f32 / self.rollout.places.len() as f32;
        self.exceeded |= share > self.rollout.pace.tolerated;
        self.stopped |= self.exceeded && self.rollout.pace.on_failure != FailureAction::Continue;
    }

    /// What undoes replicas that did not fail and came no further, because what they waited for failed.
    fn left_half_way(&self, schedule: &Schedule<'_>, index: usize) -> impl Iterator<Item = Plan> {
        let failed = |place: &usize| self.failed.iter().any(|(other, _)| other == place);
        let places = 0..self.rollout.places.len();
        let left = places.filter(move |place| !failed(place));
        left.filter(move |place| schedule.reached(index, *place) == Reached::Middle)
            .map(|place| self.rollout.give_up(place))
    }

    /// Places that came to the end.
    fn updated(&self, schedule: &Schedule<'_>, index: usize) -> Vec<usize> {
        let places = 0..self.rollout.places.len();
        places.filter(|place| schedule.reached(index, *place) == Reached::End).collect()
    }

    /// What a stopped update does in the end.
    fn rest(&self, schedule: &Schedule<'_>, index: usize) -> Plan {
        let updated = self.updated(schedule, index);
        match (self.rollout.direction, self.rollout.pace.on_failure) {
            (Direction::Forward, FailureAction::Rollback) => self.rollout.way_back(&updated),
            (Direction::Forward, _) => self.rollout.settle(&updated),
            (Direction::Back, _) => {
                let places = 0..self.rollout.places.len();
                let untouched = |place: &usize| schedule.reached(index, *place) == Reached::Nothing;
                self.rollout.settle(&places.filter(untouched).collect::<Vec<_>>())
            }
        }
    }

    fn report(self, schedule: &Schedule<'_>, index: usize) -> UpdateFailure {
        let updated = self.updated(schedule, index);
        let (reached, others): (Vec<_>, Vec<_>) =
            self.rollout.places.iter().enumerate().partition(|(place, _)| updated.contains(place));
        let names = |places: Vec<(usize, &crate::plan::rollout::Place)>| {
            places.into_iter().map(|(_, place)| place.name.clone()).collect()
        };
        let outcome = match (self.rollout.direction, self.rollout.pace.on_failure) {
            (_, FailureAction::Continue) => Outcome::WentOn,
            (Direction::Forward, FailureAction::Rollback) => Outcome::RolledBack,
            _ => Outcome::Paused,
        };
        let failed = self.failed.iter();
        UpdateFailure {
            service: self.rollout.service.clone(),
            direction: self.rollout.direction,
            failed: failed
                .map(|(place, error)| (self.rollout.places[*place].name.clone(), error.to_string()))
                .collect(),
            outcome,
            reached: names(reached),
            others: names(others),
            troubles: self.troubles,
        }
    }
}
