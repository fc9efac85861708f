//! Steps of a plan as rows.

use super::Row;
use crate::plan::Plan;
use crate::plan::step::{Action, ContainerTarget, DestroyedKind, Reason, Step};

fn row(step: &Step) -> Row {
    let (action, resource, name) = effect(&step.action);
    Row {
        id: 0,
        action,
        resource,
        name: name.to_owned(),
        service: service(&step.action).to_owned(),
        text: step.action.to_string(),
        reason: (code(&step.reason), step.reason.to_string()),
        after: step.after.clone(),
        after_optional: step.after_optional.clone(),
        changes: step.changes.clone(),
        destroyed: step.destroyed.clone(),
    }
}

/// All steps of a plan.
pub(super) fn rows(plan: &Plan) -> Vec<Row> {
    let mut rows: Vec<Row> =
        plan.steps.iter().enumerate().map(|(id, step)| Row { id, ..row(step) }).collect();
    // A rename knows two names; the service is that of the container made under the first.
    for (id, step) in plan.steps.iter().enumerate() {
        if let Action::RenameContainer { from, .. } = &step.action {
            let maker = rows.iter().find(|row| row.action == "create" && row.name == *from);
            rows[id].service = maker.map(|row| row.service.clone()).unwrap_or_default();
        }
    }
    rows
}

/// What is done, to what kind of thing, and its name.
fn effect(action: &Action) -> (&'static str, &'static str, &str) {
    match action {
        Action::PullImage(pull) => ("pull", "image", &pull.image),
        Action::BuildImage(build) => ("build", "image", &build.image),
        Action::RemoveImage(image) => ("remove", "image", image),
        Action::CreateNetwork(network) => ("create", "network", &network.name),
        Action::RemoveNetwork(name) => ("remove", "network", name),
        Action::CreateVolume(volume) => ("create", "volume", volume.name.as_deref().unwrap_or_default()),
        Action::RemoveVolume(name) => ("remove", "volume", name),
        Action::Wait { service, .. } => ("wait", "service", service),
        Action::Delay(_) => ("delay", "project", ""),
        Action::CreateContainer { name, .. } => ("create", "container", name),
        Action::RunContainer { spec, .. } => ("run", "container", &spec.name),
        Action::RenameContainer { to, .. } => ("rename", "container", to),
        Action::StartContainer(target) => on_container("start", target),
        Action::StopContainer(target, _) => on_container("stop", target),
        Action::RestartContainer(target, _) => on_container("restart", target),
        Action::KillContainer(target, _) => on_container("kill", target),
        Action::PauseContainer(target) => on_container("pause", target),
        Action::UnpauseContainer(target) => on_container("unpause", target),
        Action::DisconnectNetwork { container, .. } => on_container("disconnect", container),
        Action::RunHook { container, .. } => on_container("run_hook", container),
        Action::Watch { container, .. } => on_container("watch", container),
        Action::RemoveContainer { container, .. } => on_container("remove", container),
    }
}

fn on_container<'a>(
    verb: &'static str,
    target: &'a ContainerTarget,
) -> (&'static str, &'static str, &'a str) {
    (verb, "container", &target.name)
}

fn target(action: &Action) -> Option<&ContainerTarget> {
    match action {
        Action::StartContainer(target)
        | Action::StopContainer(target, _)
        | Action::RestartContainer(target, _)
        | Action::KillContainer(target, _)
        | Action::PauseContainer(target)
        | Action::UnpauseContainer(target)
        | Action::DisconnectNetwork { container: target, .. }
        | Action::RunHook { container: target, .. }
        | Action::Watch { container: target, .. }
        | Action::RemoveContainer { container: target, .. } => Some(target),
        _ => None,
    }
}

fn service(action: &Action) -> &str {
    match action {
        Action::BuildImage(build) => &build.service,
        Action::Wait { service, .. } => service,
        Action::CreateContainer { spec, .. } | Action::RunContainer { spec, .. } => &spec.service,
        other => target(other).map_or("", |target| target.service.as_str()),
    }
}

/// The reason as a word for programs.
fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Missing => "missing",
        Reason::Policy(_) => "policy",
        Reason::ConfigChanged => "config_changed",
        Reason::ImageChanged => "image_changed",
        Reason::ContentChanged => "content_changed",
        Reason::Forced => "forced",
        Reason::NetworkMissing(_) => "network_missing",
        Reason::VolumeMissing(_) => "volume_missing",
        Reason::ParentRecreated(_) => "parent_recreated",
        Reason::Replaces(_) => "replaces",
        Reason::Update { .. } => "update",
        Reason::Rollback { .. } => "rollback",
        Reason::OnFailure(_) => "on_failure",
        Reason::NotRunning => "not_running",
        Reason::ScaleDown => "scale_down",
        Reason::CutOff => "cut_off",
        Reason::Orphan => "orphan",
        Reason::NeededBy(_) => "needed_by",
        Reason::Asked => "asked",
        Reason::ImagePending => "image_pending",
    }
}

impl DestroyedKind {
    /// The word for it.
    pub fn text(self) -> &'static str {
        match self {
            DestroyedKind::Volume => "volume",
            DestroyedKind::Image => "image",
        }
    }
}
