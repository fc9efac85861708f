//! Plans of commands that change the state of containers that exist: start, stop, restart, kill, pause, unpause, rm.

use std::collections::BTreeMap;

use super::down::dependents_first;
use crate::plan::observed::{Health, ObservedContainer};
use crate::plan::step::{Action, ContainerTarget, Plan, Readiness, Reason, StepId, StopTimeout};
use crate::project::model::Condition;

/// What to do with the containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Start those that do not run, dependencies first and as far as their conditions ask.
    Start,
    /// Stop, dependents first.
    Stop(StopTimeout),
    /// Stop and start, dependencies first; only dependencies with `restart: true` order it (compose-surface 3.9).
    Restart(StopTimeout),
    /// Send a signal to those that run, in no order.
    Kill(String),
    /// Freeze those that run, in no order.
    Pause,
    /// Thaw those that run, in no order; the engine refuses one that is not frozen.
    Unpause,
}

/// Steps planned so far.
struct Draft<'a> {
    all: &'a [&'a ObservedContainer],
    plan: Plan,
    /// The effect on each service.
    done: BTreeMap<&'a str, Vec<StepId>>,
    waits: BTreeMap<(&'a str, Readiness), StepId>,
}

/// Plans `what` for `containers`.
pub fn lifecycle(containers: &[&ObservedContainer], what: &Lifecycle) -> Plan {
    let mut draft =
        Draft { all: containers, plan: Plan::default(), done: BTreeMap::new(), waits: BTreeMap::new() };
    let mut ordered = dependents_first(containers);
    if matches!(what, Lifecycle::Start | Lifecycle::Restart(_)) {
        ordered.reverse();
    }
    for container in ordered {
        let Some(action) = action(container, what) else { continue };
        let mut after = draft.predecessors(container, what);
        after.sort_unstable();
        after.dedup();
        let step = draft.plan.push(action, Reason::Asked, after);
        draft.done.entry(&container.service).or_default().push(step);
    }
    draft.plan
}

fn action(container: &ObservedContainer, what: &Lifecycle) -> Option<Action> {
    let target = ContainerTarget::from(container);
    match what {
        Lifecycle::Start => (!container.is_running()).then_some(Action::StartContainer(target)),
        Lifecycle::Stop(timeout) => Some(Action::StopContainer(target, *timeout)),
        Lifecycle::Restart(timeout) => Some(Action::RestartContainer(target, *timeout)),
        Lifecycle::Kill(signal) => {
            container.is_running().then(|| Action::KillContainer(target, signal.clone()))
        }
        Lifecycle::Pause => container.is_running().then_some(Action::PauseContainer(target)),
        Lifecycle::Unpause => container.is_running().then_some(Action::UnpauseContainer(target)),
    }
}

impl<'a> Draft<'a> {
    fn predecessors(&mut self, container: &'a ObservedContainer, what: &Lifecycle) -> Vec<StepId> {
        let dependencies = container.dependencies();
        match what {
            Lifecycle::Start => {
                dependencies.iter().flat_map(|d| self.reached(d.service, d.condition)).collect()
            }
            Lifecycle::Restart(_) => {
                dependencies.iter().filter(|d| d.restart).flat_map(|d| self.steps_of(d.service)).collect()
            }
            Lifecycle::Stop(_) => {
                let needs_this = |other: &&&ObservedContainer| {
                    other.dependencies().iter().any(|d| d.service == container.service)
                };
                let dependents: Vec<&str> =
                    self.all.iter().filter(needs_this).map(|c| c.service.as_str()).collect();
                dependents.into_iter().flat_map(|service| self.steps_of(service)).collect()
            }
            Lifecycle::Kill(_) | Lifecycle::Pause | Lifecycle::Unpause => Vec::new(),
        }
    }

    fn steps_of(&self, service: &str) -> Vec<StepId> {
        self.done.get(service).cloned().unwrap_or_default()
    }

    /// The steps after which a service is as far as a condition asks.
    fn reached(&mut self, service: &'a str, condition: Condition) -> Vec<StepId> {
        let until = match condition {
            Condition::ServiceStarted => return self.steps_of(service),
            Condition::ServiceHealthy => Readiness::Healthy,
            Condition::ServiceCompletedSuccessfully => Readiness::Completed,
        };
        let containers: Vec<_> = self.all.iter().copied().filter(|c| c.service == service).collect();
        let healthy = containers.iter().all(|c| c.is_running() && c.health == Some(Health::Healthy));
        if containers.is_empty() || (until == Readiness::Healthy && healthy) {
            return Vec::new();
        }
        let starts = self.steps_of(service);
        let plan = &mut self.plan;
        let step = *self.waits.entry((service, until)).or_insert_with(|| {
            let containers = containers.into_iter().map(ContainerTarget::from).collect();
            let action = Action::Wait { until, containers, service: service.to_owned() };
            plan.push(action, Reason::NeededBy("a dependent".to_owned()), starts)
        });
        vec![step]
    }
}

/// Plans `rm`: containers that do not run, and with `stop` those that do.
pub fn remove_stopped(containers: &[&ObservedContainer], stop: bool, volumes: bool) -> Plan {
    let mut plan = Plan::default();
    for container in containers {
        let target = ContainerTarget::from(*container);
        let mut after = Vec::new();
        if container.is_running() {
            if !stop {
                continue;
            }
            after.push(plan.push(Action::StopContainer(target.clone(), None), Reason::Asked, Vec::new()));
        }
        let remove = Action::RemoveContainer { container: target, volumes, force: false };
        plan.push(remove, Reason::Asked, after);
    }
    plan
}
