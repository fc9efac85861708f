//! Networks and volumes of `up`: made when missing; a changed network is made anew, a changed volume is left alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bollard::models::NetworkCreateRequest;

use super::up::Draft;
use crate::plan::desired::Recreate;
use crate::plan::labels;
use crate::plan::observed::{ObservedContainer, ObservedResource};
use crate::plan::step::{Action, ContainerTarget, Reason, StepId};

pub(super) fn plan(draft: &mut Draft<'_>) {
    let desired = draft.desired;
    for (key, network) in &desired.networks {
        if let Some(request) = &network.request {
            plan_network(draft, key, request);
        }
    }
    for (key, volume) in &desired.volumes {
        let Some(request) = &volume.request else { continue };
        match draft.observed.volumes.get(&volume.name) {
            None => {
                let step =
                    draft.plan.push(Action::CreateVolume(Arc::clone(request)), Reason::Missing, Vec::new());
                draft.volumes.insert(key.clone(), step);
            }
            Some(existing) => warn_of_volume(draft, &volume.name, existing, request.labels.as_ref()),
        }
    }
}

fn plan_network(draft: &mut Draft<'_>, key: &str, request: &Arc<NetworkCreateRequest>) {
    let create = Action::CreateNetwork(Arc::clone(request));
    let Some(existing) = draft.observed.networks.get(&request.name) else {
        let step = draft.plan.push(create, Reason::Missing, Vec::new());
        draft.networks.insert(key.to_owned(), step);
        return;
    };
    if existing.project.as_deref() != Some(&draft.desired.project) {
        let text =
            format!("network {} exists but was not made for this project; it is used as it is", request.name);
        draft.plan.warnings.push(text);
    } else if differs(existing, request.labels.as_ref()) {
        let (inside, staying) = users_of_network(draft, &request.name);
        if !staying.is_empty() {
            draft.plan.warnings.push(network_stays(&request.name, &staying));
            return;
        }
        let gone = clear_network(draft, &request.name, &inside);
        let step = draft.plan.push(create, Reason::ConfigChanged, vec![gone]);
        draft.networks.insert(key.to_owned(), step);
    }
}

fn differs<'m>(
    existing: &ObservedResource,
    labels: Option<&'m std::collections::HashMap<String, String>>,
) -> bool {
    let wanted: Option<&'m String> = labels.and_then(|labels| labels.get(labels::CONFIG_HASH));
    existing.config_hash.is_some() && existing.config_hash.as_ref() != wanted
}

/// Containers that run in a network: those that this plan makes anew or removes, and those that it leaves alone.
fn users_of_network<'o>(
    draft: &Draft<'o>,
    name: &str,
) -> (Vec<&'o ObservedContainer>, Vec<&'o ObservedContainer>) {
    let running = draft.observed.containers.iter().filter(|c| c.is_running());
    running.filter(|container| container.networks.contains_key(name)).partition(|c| is_replaced(draft, c))
}

fn is_replaced(draft: &Draft<'_>, container: &ObservedContainer) -> bool {
    let options = &draft.desired.options;
    match draft.desired.service(&container.service) {
        _ if container.one_off => false,
        Some(service) if service.selected => !options.keep_replicas && options.recreate != Recreate::Never,
        Some(_) => options.recreate_dependencies != Recreate::Never,
        None => options.remove_orphans && !draft.desired.known_services.contains(&container.service),
    }
}

fn network_stays(name: &str, staying: &[&ObservedContainer]) -> String {
    let names: Vec<&str> = staying.iter().map(|container| container.name.as_str()).collect();
    format!(
        "network {name} was made from another configuration; it stays as it is, because containers use it that are not to \
         be made anew: {}. An `up` of all services makes it anew",
        names.join(", ")
    )
}

/// Stops and disconnects the containers that are in a network, and removes the network.
fn clear_network(draft: &mut Draft<'_>, name: &str, inside: &[&ObservedContainer]) -> StepId {
    let mut disconnected = Vec::new();
    for container in inside {
        let target = ContainerTarget::from(*container);
        // In two networks that are made anew it is stopped once.
        let stopped = draft.stop(container, Reason::ConfigChanged, Vec::new());
        let action = Action::DisconnectNetwork { network: name.to_owned(), container: target };
        let out = draft.plan.push(action, Reason::ConfigChanged, stopped);
        draft.stopped.insert(container.id.clone(), out);
        disconnected.push(out);
    }
    draft.plan.push(Action::RemoveNetwork(name.to_owned()), Reason::ConfigChanged, disconnected)
}

fn warn_of_volume(
    draft: &mut Draft<'_>,
    name: &str,
    existing: &ObservedResource,
    labels: Option<&std::collections::HashMap<String, String>>,
) {
    if existing.project.as_deref() != Some(&draft.desired.project) {
        let text = format!("volume {name} exists but was not made for this project; it is used as it is");
        draft.plan.warnings.push(text);
    } else if differs(existing, labels) {
        let text = format!(
            "volume {name} was made from another configuration; it keeps its data and its configuration. \
             To make it anew, remove it first"
        );
        draft.plan.warnings.push(text);
    }
}

/// Steps that must be done before a service's containers can be made.
pub(super) fn prerequisites(
    keys: &[String],
    steps: &BTreeMap<String, StepId>,
) -> impl Iterator<Item = StepId> {
    keys.iter().filter_map(|key| steps.get(key).copied()).collect::<Vec<_>>().into_iter()
}
