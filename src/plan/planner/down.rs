//! The plan of `down`: containers in reverse dependency order, then networks, volumes and images.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::observed::{Observed, ObservedContainer};
use crate::plan::step::{Action, ContainerTarget, Plan, Reason, StepId};

/// What to take down.
#[derive(Clone, Debug, Default)]
pub struct DownOptions {
    /// Services named; empty: all.
    pub services: BTreeSet<String>,
    /// Services of the files, those switched off by profiles too; `None` when no file was loaded.
    pub known_services: Option<BTreeSet<String>>,
    /// Those that profiles switch off: their containers stay, and what these need, unless they are named.
    pub off_services: BTreeSet<String>,
    /// Containers of other services too.
    pub remove_orphans: bool,
    /// Volumes too (`-v`).
    pub volumes: bool,
    /// Names of the volumes that the files make: no others are removed. `None` when no file was loaded: all of the project.
    pub own_volumes: Option<BTreeSet<String>>,
    /// Names of networks that the files call external.
    pub external_networks: BTreeSet<String>,
    /// Images too (`--rmi`): references, chosen by the caller.
    pub images: Vec<String>,
    /// `-t`, in seconds.
    pub timeout: Option<i32>,
}

/// Plans `down`.
pub fn down(project: &str, observed: &Observed, options: &DownOptions) -> Plan {
    let mut plan = Plan::default();
    let containers = chosen(observed, options);
    let kept = kept_networks(observed, options, &containers);
    let removed = remove_containers(&mut plan, &containers, options);
    if containers.len() == observed.containers.len() || options.services.is_empty() {
        for (name, network) in &observed.networks {
            let own =
                network.project.as_deref() == Some(project) && !options.external_networks.contains(name);
            if own && !kept.contains(name.as_str()) {
                plan.push(Action::RemoveNetwork(name.clone()), Reason::Asked, removed.clone());
            }
        }
        if options.volumes {
            remove_volumes(&mut plan, project, observed, options, &removed);
        }
    }
    for image in &options.images {
        plan.push(Action::RemoveImage(image.clone()), Reason::Asked, removed.clone());
    }
    plan
}

fn chosen<'o>(observed: &'o Observed, options: &DownOptions) -> Vec<&'o ObservedContainer> {
    let is_chosen = |container: &&ObservedContainer| {
        let known = options.known_services.as_ref().is_none_or(|known| known.contains(&container.service));
        let named = options.services.is_empty() || options.services.contains(&container.service);
        let off = options.off_services.contains(&container.service) && !container.one_off;
        if off && options.services.is_empty() {
            return false;
        }
        if container.one_off || !known { options.remove_orphans } else { named }
    };
    observed.containers.iter().filter(is_chosen).collect()
}

/// Networks of containers of services that profiles switch off: without them these could not be started any more.
fn kept_networks<'o>(
    observed: &'o Observed,
    options: &DownOptions,
    removed: &[&ObservedContainer],
) -> BTreeSet<&'o str> {
    let stays = |container: &&ObservedContainer| removed.iter().all(|other| other.id != container.id);
    let off = |container: &&ObservedContainer| options.off_services.contains(&container.service);
    let staying = observed.containers.iter().filter(off).filter(stays);
    staying.flat_map(|container| container.networks.keys().map(String::as_str)).collect()
}

/// Stops and removes; a container waits until all that depend on its service are gone.
fn remove_containers(
    plan: &mut Plan,
    containers: &[&ObservedContainer],
    options: &DownOptions,
) -> Vec<StepId> {
    let mut removed = Vec::new();
    let mut by_service: BTreeMap<&str, Vec<StepId>> = BTreeMap::new();
    for container in dependents_first(containers) {
        let dependents = containers.iter().filter(|other| depends_on(other, &container.service));
        let mut after: Vec<StepId> = dependents
            .filter_map(|other| by_service.get(other.service.as_str()))
            .flatten()
            .copied()
            .collect();
        after.sort_unstable();
        after.dedup();
        let target = ContainerTarget::from(container);
        if container.is_running() {
            after =
                vec![plan.push(Action::StopContainer(target.clone(), options.timeout), Reason::Asked, after)];
        }
        let remove = Action::RemoveContainer { container: target, volumes: options.volumes, force: false };
        let step = plan.push(remove, Reason::Asked, after);
        by_service.entry(&container.service).or_default().push(step);
        removed.push(step);
    }
    removed
}

fn depends_on(container: &ObservedContainer, service: &str) -> bool {
    container.service != service
        && container.dependencies().iter().any(|dependency| dependency.service == service)
}

/// Containers such that each comes after all that depend on it. Circles, which only edited labels can make, are cut.
pub(super) fn dependents_first<'o>(containers: &[&'o ObservedContainer]) -> Vec<&'o ObservedContainer> {
    let mut waiting: Vec<&ObservedContainer> = containers.to_vec();
    waiting.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let needed: BTreeSet<&str> =
            waiting.iter().flat_map(|c| c.dependencies().into_iter().map(|d| d.service)).collect();
        let (blocked, free): (Vec<_>, Vec<_>) =
            waiting.iter().partition(|c| needed.contains(c.service.as_str()));
        if free.is_empty() {
            ordered.extend(waiting);
            break;
        }
        ordered.extend(free);
        waiting = blocked;
    }
    ordered
}

fn remove_volumes(
    plan: &mut Plan,
    project: &str,
    observed: &Observed,
    options: &DownOptions,
    removed: &[StepId],
) {
    for (name, volume) in &observed.volumes {
        let own = options.own_volumes.as_ref().is_none_or(|own| own.contains(name));
        if own && volume.project.as_deref() == Some(project) {
            plan.push(Action::RemoveVolume(name.clone()), Reason::Asked, removed.to_vec());
        }
    }
}
