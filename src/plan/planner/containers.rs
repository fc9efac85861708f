//! Which containers of a service to make, to make anew, to keep and to remove.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use bollard::models::{Mount, MountType};

use super::resources::prerequisites;
use super::rollout;
use super::up::{Draft, PlannedContainer, PlannedService};
use crate::plan::desired::{ContainerSpec, DesiredError, DesiredService, Recreate};
use crate::plan::observed::ObservedContainer;
use crate::plan::step::{Action, ContainerTarget, Reason, StepId};
use crate::plan::{labels, names};

/// Plans the containers of one service; what it depends on is planned already.
pub(super) fn plan(draft: &mut Draft<'_>, service: &DesiredService) -> Result<PlannedService, DesiredError> {
    let mut planned = PlannedService::default();
    if service.source.provider.is_some() {
        return Ok(planned);
    }
    let (kept, superfluous) = sort_existing(draft, service);
    let removed = remove(draft, &superfluous, &kept);
    for (container, reason) in &kept {
        let container = match reason {
            Some(reason) if rollout::applies(draft, service, container) => {
                let reason = pending(draft, service, reason.clone());
                planned.updates.push(rollout::replace(draft, service, container, reason, &removed)?);
                planned.recreated = true;
                continue;
            }
            Some(reason) => replace(draft, service, container, reason.clone(), &removed)?,
            None => keep(draft, service, container, &removed),
        };
        planned.recreated |= container.made.is_some();
        planned.containers.push(container);
    }
    let highest =
        kept.iter().chain(&superfluous).filter_map(|(container, _)| container.number).max().unwrap_or(0);
    for offset in kept.len()..service.scale {
        let number = highest + 1 + u32::try_from(offset - kept.len()).unwrap_or(0);
        if planned.updates.is_empty() {
            planned.containers.push(create(draft, service, number, &removed)?);
        } else {
            planned.updates.push(rollout::add(draft, service, number, &removed)?);
        }
    }
    Ok(planned)
}

type Judged<'o> = (&'o ObservedContainer, Option<Reason>);

/// Existing replicas: those that stay (with the reason to make them anew, if any), and those that go.
fn sort_existing<'o>(draft: &Draft<'o>, service: &DesiredService) -> (Vec<Judged<'o>>, Vec<Judged<'o>>) {
    let replicas = draft.observed.containers.iter().filter(|c| c.service == service.name && !c.one_off);
    let mut judged: Vec<Judged<'o>> = replicas.map(|c| (c, recreate_reason(draft, service, c))).collect();
    judged.sort_by_key(|(container, reason)| {
        // Of a service that goes on serving while it is updated, what serves comes before what might.
        let may_go = service.update.is_some() && !rollout::serves(container);
        // A temporary name sorts last among equals: hexadecimal digits stand before the real one.
        (may_go, reason.is_some(), Reverse(container.is_running()), container.number, container.name.len())
    });
    let (mut kept, mut superfluous) = one_per_number(judged);
    superfluous.extend(kept.split_off(kept.len().min(service.scale)));
    kept.sort_by_key(|(container, _)| container.number);
    (kept, superfluous)
}

/// An interrupted replacement leaves two containers with one number: the better one, which comes first, stays.
fn one_per_number(judged: Vec<Judged<'_>>) -> (Vec<Judged<'_>>, Vec<Judged<'_>>) {
    let mut taken = BTreeSet::new();
    judged.into_iter().partition(|(container, _)| taken.insert(container.number))
}

/// Why a container has to be made anew; `None` when it can stay.
fn recreate_reason(
    draft: &Draft<'_>,
    service: &DesiredService,
    container: &ObservedContainer,
) -> Option<Reason> {
    let options = &draft.desired.options;
    let policy = if service.selected { options.recreate } else { options.recreate_dependencies };
    match policy {
        Recreate::Never => None,
        Recreate::Force => Some(Reason::Forced),
        Recreate::Diverged => diverged(draft, service, container),
    }
}

fn diverged(draft: &Draft<'_>, service: &DesiredService, container: &ObservedContainer) -> Option<Reason> {
    let parent =
        service.parents.iter().find(|p| draft.services.get(*p).is_some_and(|planned| planned.recreated));
    if let Some(parent) = parent {
        return Some(Reason::ParentRecreated(parent.clone()));
    }
    if container.config_hash() != Some(&service.hash) {
        return Some(Reason::ConfigChanged);
    }
    image_changed(draft, service, container)
        .or_else(|| content_changed(draft, service, container))
        .or_else(|| network_missing(draft, service, container))
        .or_else(|| volume_missing(draft, service, container))
}

fn image_changed(
    draft: &Draft<'_>,
    service: &DesiredService,
    container: &ObservedContainer,
) -> Option<Reason> {
    let present = draft.observed.image(&service.image.reference)?;
    let made_from = container.labels.get(labels::IMAGE).unwrap_or(&container.image_id);
    (made_from != present).then_some(Reason::ImageChanged)
}

/// Only of a container that says what was written into it; one that Docker Compose made does not.
fn content_changed(
    draft: &Draft<'_>,
    service: &DesiredService,
    container: &ObservedContainer,
) -> Option<Reason> {
    let written = container.labels.get(labels::CONTENTS)?;
    let wanted = service.container(container.number?, &draft.desired.options).ok()?.body.labels?;
    (wanted.get(labels::CONTENTS) != Some(written)).then_some(Reason::ContentChanged)
}

fn network_missing(
    draft: &Draft<'_>,
    service: &DesiredService,
    container: &ObservedContainer,
) -> Option<Reason> {
    if !service.source.network_mode.is_empty() {
        return None;
    }
    let names = service.networks.iter().filter_map(|key| Some((key, &draft.desired.networks.get(key)?.name)));
    let lacks = |key: &String, name: &String| {
        let made_anew = draft.networks.contains_key(key);
        let expected = draft.observed.networks.get(name).map_or("", |network| network.id.as_str());
        // A container that never ran may not know the id yet.
        let actual = container.networks.get(name);
        made_anew || actual.is_none_or(|id| !id.is_empty() && !expected.is_empty() && id != expected)
    };
    names
        .into_iter()
        .find(|(key, name)| lacks(key, name))
        .map(|(_, name)| Reason::NetworkMissing(name.clone()))
}

fn volume_missing(
    draft: &Draft<'_>,
    service: &DesiredService,
    container: &ObservedContainer,
) -> Option<Reason> {
    let mounted = |name: &str| container.mounts.iter().any(|mount| mount.name.as_deref() == Some(name));
    let mut names = service.volumes.iter().filter_map(|key| Some(&draft.desired.volumes.get(key)?.name));
    names.find(|name| !mounted(name)).map(|name| Reason::VolumeMissing(name.clone()))
}

fn remove(draft: &mut Draft<'_>, superfluous: &[Judged<'_>], kept: &[Judged<'_>]) -> Vec<StepId> {
    let mut removed = Vec::new();
    for (container, _) in superfluous {
        let twin = |(other, _): &Judged<'_>| other.number.is_some() && other.number == container.number;
        let reason = if kept.iter().any(twin) { Reason::CutOff } else { Reason::ScaleDown };
        let after = draft.stop(container, reason.clone(), Vec::new());
        let target = ContainerTarget::from(*container);
        let action = Action::RemoveContainer { container: target, volumes: false, force: false };
        removed.push(draft.plan.push(action, reason, after));
    }
    removed
}

/// A container that stays. One left under a temporary name by an interrupted replacement gets its final name.
fn keep(
    draft: &mut Draft<'_>,
    service: &DesiredService,
    container: &ObservedContainer,
    removed: &[StepId],
) -> PlannedContainer {
    let mut target = ContainerTarget::from(container);
    let number = container.number.unwrap_or(1);
    let separator = draft.desired.options.separator;
    let expected = names::container(&draft.desired.project, &service.source, number, separator);
    let mut made = None;
    if container.name.ends_with(&format!("_{expected}")) {
        let rename = Action::RenameContainer { from: container.name.clone(), to: expected.clone() };
        made = Some(draft.plan.push(rename, Reason::Replaces(expected.clone()), removed.to_vec()));
        target.name = expected;
    } else if container.is_running() {
        draft.plan.kept.push(container.name.clone());
    }
    let (runs, health) = (container.is_running(), container.health);
    PlannedContainer { target, number, made, started: None, runs, health }
}

/// Steps that must come before any container of the service is made.
pub(super) fn before_creation(draft: &Draft<'_>, service: &DesiredService) -> Vec<StepId> {
    let images: BTreeSet<StepId> =
        service.images().filter_map(|image| draft.images.get(&image.reference).copied()).collect();
    let networks = prerequisites(&service.networks, &draft.networks);
    let volumes = prerequisites(&service.volumes, &draft.volumes);
    let parents = service.parents.iter().filter_map(|parent| draft.services.get(parent));
    let parents = parents.flat_map(|parent| parent.containers.iter().filter_map(|container| container.made));
    images.into_iter().chain(networks).chain(volumes).chain(parents).collect()
}

pub(super) fn spec(
    draft: &Draft<'_>,
    service: &DesiredService,
    number: u32,
) -> Result<ContainerSpec, DesiredError> {
    let mut spec = service.container(number, &draft.desired.options)?;
    if let Some(id) = draft.observed.image(&service.image.reference) {
        spec.body.labels.get_or_insert_default().insert(labels::IMAGE.to_owned(), id.clone());
    }
    Ok(spec)
}

fn create(
    draft: &mut Draft<'_>,
    service: &DesiredService,
    number: u32,
    removed: &[StepId],
) -> Result<PlannedContainer, DesiredError> {
    let spec = spec(draft, service, number)?;
    let name = spec.name.clone();
    let mut after = before_creation(draft, service);
    if !service.source.container_name.is_empty() {
        // The fixed name is free only when its holder is gone.
        after.extend(removed);
    }
    after.extend(draft.freed.get(&name));
    let action = Action::CreateContainer { spec: Arc::new(spec), name: name.clone() };
    let made = draft.plan.push(action, Reason::Missing, after);
    let target = ContainerTarget { id: name.clone(), name, service: service.name.clone() };
    Ok(PlannedContainer { target, number, made: Some(made), started: None, runs: false, health: None })
}

/// Makes the new one under a temporary name, removes the old one, gives the new one the name (compose-surface 3.7).
fn replace(
    draft: &mut Draft<'_>,
    service: &DesiredService,
    old: &ObservedContainer,
    reason: Reason,
    removed: &[StepId],
) -> Result<PlannedContainer, DesiredError> {
    let reason = pending(draft, service, reason);
    let spec = replacement(draft, service, old)?;
    let name = spec.name.clone();
    let temporary = names::temporary(&old.id, &name);
    let mut after = before_creation(draft, service);
    // What an interrupted replacement left may hold the temporary name.
    after.extend(removed);
    let create = Action::CreateContainer { spec: Arc::new(spec), name: temporary.clone() };
    let made = draft.plan.push(create, reason, after);
    let target = ContainerTarget::from(old);
    let inner = Reason::Replaces(old.name.clone());
    let stopped = draft.stop(old, inner.clone(), vec![made]);
    let remove = Action::RemoveContainer { container: target, volumes: false, force: false };
    let gone = draft.plan.push(remove, inner.clone(), stopped);
    let free = draft.freed.get(&name).copied().into_iter().chain([gone]).collect();
    let rename = Action::RenameContainer { from: temporary, to: name.clone() };
    let last = draft.plan.push(rename, inner, free);
    let target = ContainerTarget { id: name.clone(), name, service: service.name.clone() };
    let number = old.number.unwrap_or(1);
    Ok(PlannedContainer { target, number, made: Some(last), started: None, runs: false, health: None })
}

/// What takes the place of a container, with the anonymous volumes of that one.
pub(super) fn replacement(
    draft: &Draft<'_>,
    service: &DesiredService,
    old: &ObservedContainer,
) -> Result<ContainerSpec, DesiredError> {
    let mut spec = spec(draft, service, old.number.unwrap_or(1))?;
    if !draft.desired.options.renew_anonymous_volumes {
        carry_anonymous_volumes(draft, service, old, &mut spec);
    }
    let replaced = names::short(&draft.desired.project, &old.name).to_owned();
    spec.body.labels.get_or_insert_default().insert(labels::REPLACE.to_owned(), replaced);
    Ok(spec)
}

/// While its image is still to come, a container counts as changed only for certain when something else changed too.
fn pending(draft: &Draft<'_>, service: &DesiredService, reason: Reason) -> Reason {
    let comes = draft.images.contains_key(&service.image.reference);
    if comes && reason == Reason::ImageChanged { Reason::ImagePending } else { reason }
}

/// Anonymous volumes live on in the container that replaces theirs, by mount point.
fn carry_anonymous_volumes(
    draft: &Draft<'_>,
    service: &DesiredService,
    old: &ObservedContainer,
    spec: &mut ContainerSpec,
) {
    let named = |name: &str| draft.desired.volumes.values().any(|volume| volume.name == name);
    let placed = |target: &str| {
        let in_list = service.source.volumes.iter().any(|m| m.target == target && !m.source.is_empty());
        let in_tmpfs = service.source.tmpfs.iter().any(|t| t.split(':').next() == Some(target));
        in_list || in_tmpfs
    };
    let carried = old.mounts.iter().filter_map(|mount| {
        let (name, target) = (mount.name.as_deref()?, mount.destination.as_deref()?);
        let anonymous = mount.typ.as_deref() == Some("volume") && !named(name) && !placed(target);
        anonymous.then(|| Mount {
            typ: Some(MountType::VOLUME),
            source: Some(name.to_owned()),
            target: Some(target.to_owned()),
            ..Mount::default()
        })
    });
    let carried: Vec<Mount> = carried.collect();
    let mounts = spec.body.host_config.get_or_insert_default().mounts.get_or_insert_default();
    mounts.retain(|mount| !carried.iter().any(|other| other.target == mount.target));
    mounts.extend(carried);
}

impl From<&ObservedContainer> for ContainerTarget {
    fn from(container: &ObservedContainer) -> ContainerTarget {
        ContainerTarget {
            id: container.id.clone(),
            name: container.name.clone(),
            service: container.service.clone(),
        }
    }
}
