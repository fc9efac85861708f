//! Plans of commands that change the state of containers that exist: start, stop, restart, kill, pause, unpause, rm.

use std::collections::BTreeMap;

use super::down::dependents_first;
use crate::plan::observed::{ObservedContainer, State};
use crate::plan::step::{Action, ContainerTarget, Plan, Reason, StepId, StopTimeout};

/// What to do with the containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Start those that do not run, dependencies first.
    Start,
    /// Stop, dependents first.
    Stop(StopTimeout),
    /// Stop and start, dependencies first; only dependencies with `restart: true` order it (compose-surface 3.9).
    Restart(StopTimeout),
    /// Send a signal to those that run, in no order.
    Kill(String),
    /// Freeze those that run, in no order.
    Pause,
    /// Thaw those that are frozen, in no order.
    Unpause,
}

/// Plans `what` for `containers`.
pub fn lifecycle(containers: &[&ObservedContainer], what: &Lifecycle) -> Plan {
    let mut plan = Plan::default();
    let mut ordered = dependents_first(containers);
    if matches!(what, Lifecycle::Start | Lifecycle::Restart(_)) {
        ordered.reverse();
    }
    let mut done: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    for container in ordered {
        let Some(action) = action(container, what) else { continue };
        let after = predecessors(container, containers, what, &done);
        let step = plan.push(action, Reason::Asked, after);
        done.entry(&container.service).or_default().push(step);
    }
    plan
}

fn action(container: &ObservedContainer, what: &Lifecycle) -> Option<Action> {
    let target = ContainerTarget::from(container);
    match what {
        Lifecycle::Start => (!container.is_running()).then_some(Action::StartContainer(target)),
        Lifecycle::Stop(timeout) => Some(Action::StopContainer(target, *timeout)),
        Lifecycle::Restart(timeout) => Some(Action::RestartContainer(target, *timeout)),
        Lifecycle::Kill(signal) => container.is_running().then(|| Action::KillContainer(target, signal.clone())),
        Lifecycle::Pause => container.is_running().then_some(Action::PauseContainer(target)),
        Lifecycle::Unpause => (container.state == State::Paused).then_some(Action::UnpauseContainer(target)),
    }
}

fn predecessors(
    container: &ObservedContainer, all: &[&ObservedContainer], what: &Lifecycle, done: &BTreeMap<&str, Vec<StepId>>,
) -> Vec<StepId> {
    let dependencies = |of: &ObservedContainer, only_restart: bool| -> Vec<String> {
        let entries = of.dependencies();
        entries.iter().filter(|(_, restart)| *restart || !only_restart).map(|(name, _)| (*name).to_owned()).collect()
    };
    let services: Vec<String> = match what {
        Lifecycle::Start => dependencies(container, false),
        Lifecycle::Restart(_) => dependencies(container, true),
        Lifecycle::Stop(_) => {
            let needs_this = |other: &&&ObservedContainer| dependencies(other, false).contains(&container.service);
            all.iter().filter(needs_this).map(|other| other.service.clone()).collect()
        }
        Lifecycle::Kill(_) | Lifecycle::Pause | Lifecycle::Unpause => Vec::new(),
    };
    let mut steps: Vec<StepId> = services.iter().filter_map(|s| done.get(s.as_str())).flatten().copied().collect();
    steps.sort_unstable();
    steps.dedup();
    steps
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
