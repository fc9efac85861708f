//! Networks and volumes of `up`: made when missing; a changed network is made anew, a changed volume is left alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bollard::models::NetworkCreateRequest;

use super::up::Draft;
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
        let gone = clear_network(draft, &request.name);
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

/// Stops and disconnects whatever of the project is in a network, and removes the network.
fn clear_network(draft: &mut Draft<'_>, name: &str) -> StepId {
    let inside: Vec<&ObservedContainer> =
        draft.observed.containers.iter().filter(|container| container.networks.contains_key(name)).collect();
    let mut disconnected = Vec::new();
    for container in inside {
        let target = ContainerTarget::from(container);
        let stop = Action::StopContainer(target.clone(), draft.desired.options.stop_timeout);
        let stopped = draft.plan.push(stop, Reason::ConfigChanged, Vec::new());
        let action = Action::DisconnectNetwork { network: name.to_owned(), container: target };
        disconnected.push(draft.plan.push(action, Reason::ConfigChanged, vec![stopped]));
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
