//! Updates of services with `deploy.update_config`: the replicas that have to be made anew are replaced in groups.

use std::sync::Arc;

use super::containers::{before_creation, replacement, spec};
use super::pre_start::{self, Before, Turn};
use super::up::{Draft, PlannedContainer};
use crate::plan::desired::{ContainerSpec, DesiredError, DesiredService, PreStart, UpdatePolicy};
use crate::plan::names;
use crate::plan::observed::{Health, ObservedContainer};
use crate::plan::rollout::{Direction, Place, Rollout, in_groups, mark};
use crate::plan::step::{Action, ContainerTarget, Phase, Plan, Reason, StepId};

/// A replica that an update brings to its wanted form.
pub(super) struct Update {
    place: Place,
    spec: Arc<ContainerSpec>,
    hooks: Vec<PreStart>,
    number: u32,
    reason: Reason,
    after: Vec<StepId>,
}

/// Whether a replica is updated by the policy of its service: only what serves now can go on serving.
pub(super) fn applies(draft: &Draft<'_>, service: &DesiredService, old: &ObservedContainer) -> bool {
    let policy = service.update.is_some() && !draft.desired.options.no_start;
    policy && old.is_running() && !loses_a_network(draft, service)
}

/// Whether a network of the service is made anew, for which all its containers have to leave it.
fn loses_a_network(draft: &Draft<'_>, service: &DesiredService) -> bool {
    let remade = |key: &String| {
        let name = draft.desired.networks.get(key).map(|network| &network.name);
        draft.networks.contains_key(key)
            && name.is_some_and(|name| draft.observed.networks.contains_key(name))
    };
    service.networks.iter().any(remade)
}

/// Whether a container does its work, as far as can be seen from outside.
pub(super) fn serves(container: &ObservedContainer) -> bool {
    container.is_running() && !matches!(container.health, Some(Health::Starting | Health::Unhealthy))
}

/// The update of a replica that exists. `removed` are steps that free the names of what an earlier one left.
pub(super) fn replace(
    draft: &Draft<'_>,
    service: &DesiredService,
    old: &ObservedContainer,
    reason: Reason,
    removed: &[StepId],
) -> Result<Update, DesiredError> {
    let spec = replacement(draft, service, old)?;
    let temporary = names::temporary(&old.id, &spec.name);
    let place = Place {
        name: spec.name.clone(),
        old: Some(ContainerTarget::from(old)),
        new: made_as(service, temporary),
    };
    update(draft, service, (old.number.unwrap_or(1), place), spec, reason, removed)
}

/// The update that adds a replica.
pub(super) fn add(
    draft: &Draft<'_>,
    service: &DesiredService,
    number: u32,
    removed: &[StepId],
) -> Result<Update, DesiredError> {
    let spec = spec(draft, service, number)?;
    let place = Place { name: spec.name.clone(), old: None, new: made_as(service, spec.name.clone()) };
    update(draft, service, (number, place), spec, Reason::Missing, removed)
}

fn update(
    draft: &Draft<'_>,
    service: &DesiredService,
    (number, place): (u32, Place),
    spec: ContainerSpec,
    reason: Reason,
    removed: &[StepId],
) -> Result<Update, DesiredError> {
    let hooks = service.pre_start(number, &draft.desired.options)?;
    let after = before_creation(draft, service).into_iter().chain(removed.iter().copied()).collect();
    Ok(Update { place, spec: Arc::new(spec), hooks, number, reason, after })
}

fn made_as(service: &DesiredService, name: String) -> ContainerTarget {
    ContainerTarget { id: name.clone(), name, service: service.name.clone() }
}

/// Plans the updates of a service; no old replica leaves before what the service depends on is ready, and what runs once
/// before its start has run.
pub(super) fn plan(
    draft: &mut Draft<'_>,
    service: &DesiredService,
    updates: &[Update],
    mut gate: Before,
) -> Vec<PlannedContainer> {
    let Some(policy) = &service.update else { return Vec::new() };
    let rollout = rollout(draft, service, policy, updates);
    let index = draft.plan.rollouts.len();
    let mut plan = std::mem::take(&mut draft.plan);
    let ends = in_groups(&mut plan, &rollout.pace, updates.len(), |plan, place, after| {
        let first = plan.steps.len();
        let last = place_forward(plan, &rollout, place, &updates[place], (after, &mut gate));
        mark(plan, first, index, place, Phase::Update);
        last
    });
    // What runs once concerns all replicas: its failure is no matter of tolerance.
    for id in gate.required {
        plan.steps[id].part = None;
    }
    let numbers = updates.iter().map(|update| update.number).enumerate();
    let planned = numbers.map(|place| finish(&mut plan, &rollout, (index, place), &ends)).collect();
    plan.rollouts.push(rollout);
    draft.plan = plan;
    planned
}

fn rollout(
    draft: &mut Draft<'_>,
    service: &DesiredService,
    policy: &UpdatePolicy,
    updates: &[Update],
) -> Rollout {
    let mut pace = policy.forward.clone();
    let mut back = policy.back.clone();
    if let Some(why) = obstacle(draft, service).filter(|_| pace.start_first || back.start_first) {
        draft.plan.warnings.push(format!(
            "service {}: order start-first is not possible with {why}; each old replica stops first",
            service.name
        ));
        (pace.start_first, back.start_first) = (false, false);
    }
    Rollout {
        service: service.name.clone(),
        places: updates.iter().map(|update| update.place.clone()).collect(),
        pace,
        back,
        direction: Direction::Forward,
        stop_timeout: draft.desired.options.stop_timeout,
    }
}

/// What only one of two containers can have at a time.
fn obstacle(draft: &Draft<'_>, service: &DesiredService) -> Option<&'static str> {
    let networks = service.source.networks.values().flatten();
    let fixed = |network: &crate::project::model::ServiceNetwork| {
        !network.ipv4_address.is_empty() || !network.ipv6_address.is_empty()
    };
    if networks.into_iter().any(fixed) {
        return Some("a fixed address");
    }
    let exclusive = draft.desired.options.exclusive_ports && !service.ports.is_empty();
    exclusive.then_some("a fixed host port, which only one container can have on this engine")
}

/// The steps of one replica: the new container comes, the old one stops.
fn place_forward(
    plan: &mut Plan,
    rollout: &Rollout,
    index: usize,
    update: &Update,
    (mut after, gate): (Vec<StepId>, &mut Before),
) -> StepId {
    let (place, reason) = (&rollout.places[index], rollout.reason(index));
    after.extend(&update.after);
    let create = Action::CreateContainer { spec: Arc::clone(&update.spec), name: place.new.name.clone() };
    let made = plan.push(create, update.reason.clone(), after);
    let turn = if index == 0 { Turn::First } else { Turn::Further };
    let before = Before { required: [&[made], &*gate.required].concat(), optional: gate.optional.clone() };
    let hooked = pre_start::plan(plan, update.hooks.clone(), &place.new, turn, before);
    if turn == Turn::First {
        gate.required.extend(&hooked);
    }
    let begin: Vec<StepId> = [made].into_iter().chain(hooked).collect();
    let gated = plan.steps.len();
    let stop = |plan: &mut Plan, old: &ContainerTarget, after| {
        plan.push(Action::StopContainer(old.clone(), rollout.stop_timeout), reason.clone(), after)
    };
    let last = match &place.old {
        Some(old) if rollout.pace.start_first => {
            let ready = rollout.bring_up(plan, index, &place.new, begin);
            stop(plan, old, vec![ready])
        }
        Some(old) => {
            let stopped = stop(plan, old, begin);
            rollout.bring_up(plan, index, &place.new, vec![stopped])
        }
        None => rollout.bring_up(plan, index, &place.new, begin),
    };
    let gated = &mut plan.steps[gated];
    gated.after.extend(&gate.required);
    gated.after.sort_unstable();
    gated.after.dedup();
    gated.after_optional.extend(&gate.optional);
    last
}

/// When all are updated, the old container goes.
fn finish(
    plan: &mut Plan,
    rollout: &Rollout,
    (index, (place, number)): (usize, (usize, u32)),
    ends: &[StepId],
) -> PlannedContainer {
    let name = rollout.places[place].name.clone();
    let first = plan.steps.len();
    let named = rollout.finish(plan, place, ends.to_vec());
    mark(plan, first, index, place, Phase::Finish);
    let last = named.unwrap_or(ends[place]);
    let target = ContainerTarget { id: name.clone(), name, service: rollout.service.clone() };
    PlannedContainer { target, number, made: Some(last), started: Some(last), runs: false, health: None }
}
