//! Starts and waits: a container starts when what its service depends on is as far as the file asks.

use super::pre_start::{self, Before, Turn};
use super::rollout;
use super::up::{Draft, PlannedService};
use crate::plan::desired::{DesiredDependency, DesiredError, DesiredService};
use crate::plan::observed::Health;
use crate::plan::step::{Action, Plan, Readiness, Reason, StepId};
use crate::project::model::Condition;

/// What a start waits for.
#[derive(Default)]
struct Gate {
    required: Vec<StepId>,
    optional: Vec<StepId>,
}

/// Plans the starts of a service whose containers are planned already.
pub(super) fn plan(draft: &mut Draft<'_>, service: &DesiredService) -> Result<(), DesiredError> {
    let planned = &draft.services[&service.name];
    let needs_start =
        planned.containers.iter().any(|container| !container.runs) || !planned.updates.is_empty();
    let restarted_with = restarted_with(draft, service);
    if !needs_start && restarted_with.is_none() {
        return Ok(());
    }
    let runs = !planned.updates.is_empty() || planned.containers.iter().any(|container| container.runs);
    let mut turn = if runs { Turn::Further } else { Turn::First };
    let mut gate = gate(draft, service);
    update(draft, service, &gate);
    let options = &draft.desired.options;
    let Some(planned) = draft.services.get_mut(&service.name) else { return Ok(()) };
    for container in planned.containers.iter_mut().filter(|container| container.started.is_none()) {
        let (action, reason) = match (&restarted_with, container.runs) {
            (_, false) => (Action::StartContainer(container.target.clone()), Reason::NotRunning),
            (Some(dependency), true) => {
                let reason = Reason::ParentRecreated(dependency.clone());
                (Action::RestartContainer(container.target.clone(), options.stop_timeout), reason)
            }
            (None, true) => continue,
        };
        let mut after: Vec<StepId> =
            container.made.into_iter().chain(gate.required.iter().copied()).collect();
        if !container.runs {
            let before = Before { required: after.clone(), optional: gate.optional.clone() };
            let hooks = service.pre_start(container.number, options)?;
            let hooked = pre_start::plan(&mut draft.plan, hooks, &container.target, turn, before);
            after.extend(&hooked);
            if turn == Turn::First {
                // What runs once runs before any of them starts.
                gate.required.extend(hooked);
                turn = Turn::Further;
            }
        }
        let step = draft.plan.push(action, reason, after);
        draft.plan.steps[step].after_optional.clone_from(&gate.optional);
        container.started = Some(step);
        draft.plan.kept.retain(|name| *name != container.target.name);
    }
    Ok(())
}

/// Plans the updates of a service, whose starts are part of them.
fn update(draft: &mut Draft<'_>, service: &DesiredService, gate: &Gate) {
    let Some(planned) = draft.services.get_mut(&service.name) else { return };
    let updates = std::mem::take(&mut planned.updates);
    if updates.is_empty() {
        return;
    }
    let gate = Before { required: gate.required.clone(), optional: gate.optional.clone() };
    let updated = rollout::plan(draft, service, &updates, gate);
    if let Some(planned) = draft.services.get_mut(&service.name) {
        planned.containers.extend(updated);
    }
}

/// Plans the waits for what a service depends on, for a container of it that no plan starts.
pub(super) fn await_dependencies(draft: &mut Draft<'_>, service: &DesiredService) {
    gate(draft, service);
}

/// A dependency with `restart: true` that is made anew.
fn restarted_with(draft: &Draft<'_>, service: &DesiredService) -> Option<String> {
    let recreated = |name: &str| draft.services.get(name).is_some_and(|planned| planned.recreated);
    let dependency = service.dependencies.iter().find(|d| d.restart && recreated(&d.service))?;
    Some(dependency.service.clone())
}

fn gate(draft: &mut Draft<'_>, service: &DesiredService) -> Gate {
    let mut gate = Gate::default();
    for dependency in &service.dependencies {
        let steps = reached(draft, dependency, &service.name);
        let side = if dependency.required { &mut gate.required } else { &mut gate.optional };
        side.extend(steps);
    }
    let parents = service.parents.iter().filter_map(|parent| draft.services.get(parent));
    gate.required.extend(parents.flat_map(start_steps));
    gate.required.sort_unstable();
    gate.required.dedup();
    gate
}

fn start_steps(planned: &PlannedService) -> Vec<StepId> {
    planned.containers.iter().filter_map(|container| container.started).collect()
}

/// The steps after which a dependency is as far as its condition asks; none when it is already.
fn reached(draft: &mut Draft<'_>, dependency: &DesiredDependency, dependent: &str) -> Vec<StepId> {
    let Some(planned) = draft.services.get_mut(&dependency.service) else { return Vec::new() };
    let until = match dependency.condition {
        Condition::ServiceStarted => return start_steps(planned),
        Condition::ServiceHealthy => Readiness::Healthy,
        Condition::ServiceCompletedSuccessfully => Readiness::Completed,
    };
    if planned.containers.is_empty() || (until == Readiness::Healthy && is_healthy(planned)) {
        return Vec::new();
    }
    vec![wait(&mut draft.plan, planned, &dependency.service, until, Reason::NeededBy(dependent.to_owned()))]
}

fn is_healthy(planned: &PlannedService) -> bool {
    planned.containers.iter().all(|c| c.runs && c.started.is_none() && c.health == Some(Health::Healthy))
}

/// One wait per service and condition, shared by all who need it.
fn wait(
    plan: &mut Plan,
    planned: &mut PlannedService,
    service: &str,
    until: Readiness,
    reason: Reason,
) -> StepId {
    if let Some(step) = planned.waits.get(&until) {
        return *step;
    }
    let containers = planned.containers.iter().map(|container| container.target.clone()).collect();
    let action = Action::Wait { until, containers, service: service.to_owned() };
    let step = plan.push(action, reason, start_steps(planned));
    planned.waits.insert(until, step);
    step
}

/// `--wait`: everything that was asked for is ready when the command ends.
pub(super) fn wait_for_all(draft: &mut Draft<'_>) {
    for (name, planned) in &mut draft.services {
        if !planned.containers.is_empty() && !is_healthy(planned) {
            wait(&mut draft.plan, planned, name, Readiness::Ready, Reason::Policy("--wait".to_owned()));
        }
    }
}
