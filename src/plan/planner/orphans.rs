//! Containers of services that are not in the files any more.

use super::up::Draft;
use crate::plan::desired::Desired;
use crate::plan::observed::{Observed, ObservedContainer, State};
use crate::plan::step::{Action, ContainerTarget, Reason};

/// Orphans of `up`: removed when asked, else spoken of.
pub(super) fn plan(draft: &mut Draft<'_>) {
    let orphans = find(draft.desired, draft.observed);
    if orphans.is_empty() {
        return;
    }
    if !draft.desired.options.remove_orphans {
        if !draft.desired.options.ignore_orphans {
            draft.plan.warnings.push(warning(&orphans));
        }
        return;
    }
    for container in orphans {
        let after = draft.stop(container, Reason::Orphan, Vec::new());
        let target = ContainerTarget::from(container);
        let remove = Action::RemoveContainer { container: target, volumes: false, force: false };
        let removed = draft.plan.push(remove, Reason::Orphan, after);
        draft.freed.insert(container.name.clone(), removed);
    }
}

/// Replicas of unknown services, and one-off containers that ended.
fn find<'o>(desired: &Desired, observed: &'o Observed) -> Vec<&'o ObservedContainer> {
    let is_orphan = |container: &&ObservedContainer| {
        let ended = matches!(container.state, State::Exited | State::Dead);
        if container.one_off { ended } else { !desired.known_services.contains(&container.service) }
    };
    observed.containers.iter().filter(is_orphan).collect()
}

fn warning(orphans: &[&ObservedContainer]) -> String {
    let names: Vec<&str> = orphans.iter().map(|container| container.name.as_str()).collect();
    format!(
        "orphan containers, of services that the project does not have: {}. \
         If you removed or renamed a service, --remove-orphans removes them",
        names.join(", ")
    )
}
