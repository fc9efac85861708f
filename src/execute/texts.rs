//! Progress events of steps, in Docker Compose's words (compose-surface 3.11).

use super::effects::Effect;
use super::waiting::purpose;
use super::{Runner, StepError};
use crate::output::progress::{ProgressEvent, Status};
use crate::plan::names;
use crate::plan::step::{Action, Readiness, Reason, Step};

/// What a step is about: one name per line of progress.
pub(super) fn resources(action: &Action) -> Vec<String> {
    match action {
        Action::PullImage(pull) => vec![format!("Image {}", pull.image)],
        Action::BuildImage(build) => vec![format!("Image {}", build.image)],
        Action::RemoveImage(image) => vec![format!("Image {image}")],
        Action::CreateNetwork(network) => vec![format!("Network {}", network.name)],
        Action::RemoveNetwork(name) => vec![format!("Network {name}")],
        Action::CreateVolume(volume) => {
            vec![format!("Volume {}", volume.name.as_deref().unwrap_or_default())]
        }
        Action::RemoveVolume(name) => vec![format!("Volume {name}")],
        Action::Delay(_) => Vec::new(),
        Action::RunContainer { spec, .. } => vec![format!("Container {}", spec.name)],
        Action::CreateContainer { spec, .. } => vec![format!("Container {}", spec.name)],
        Action::RenameContainer { to, .. } => vec![format!("Container {to}")],
        Action::Wait { containers, .. } => {
            containers.iter().map(|c| format!("Container {}", c.name)).collect()
        }
        Action::StartContainer(c)
        | Action::StopContainer(c, _)
        | Action::RestartContainer(c, _)
        | Action::KillContainer(c, _)
        | Action::PauseContainer(c)
        | Action::UnpauseContainer(c)
        | Action::DisconnectNetwork { container: c, .. }
        | Action::RunHook { container: c, .. }
        | Action::Watch { container: c, .. }
        | Action::RemoveContainer { container: c, .. } => {
            vec![format!("Container {}", names::lasting(&c.name))]
        }
    }
}

/// Words while it goes on and when it is done; empty where nothing is said.
fn words(step: &Step) -> (&'static str, &'static str) {
    let inner = matches!(step.reason, Reason::Replaces(_) | Reason::Update { .. } | Reason::Rollback { .. });
    match &step.action {
        Action::PullImage(_) => ("Pulling", "Pulled"),
        Action::BuildImage(_) => ("Building", "Built"),
        Action::CreateNetwork(_) | Action::CreateVolume(_) => ("Creating", "Created"),
        Action::CreateContainer { spec, name } if *name != spec.name => ("Recreate", ""),
        Action::CreateContainer { .. } => ("Creating", "Created"),
        Action::RenameContainer { .. } => ("", "Recreated"),
        Action::StopContainer(..) | Action::RemoveContainer { .. } if inner => ("", ""),
        Action::StartContainer(_) => ("Starting", "Started"),
        Action::StopContainer(..) => ("Stopping", "Stopped"),
        Action::RestartContainer(..) => ("Restarting", "Started"),
        Action::KillContainer(..) => ("Killing", "Killed"),
        Action::PauseContainer(_) => ("Pausing", "Paused"),
        Action::UnpauseContainer(_) => ("Unpausing", "Unpaused"),
        Action::DisconnectNetwork { .. } | Action::RunHook { .. } | Action::Delay(_) => ("", ""),
        Action::Watch { .. } => ("Waiting", "Updated"),
        Action::RunContainer { .. } => ("Running", "Exited"),
        Action::Wait { until: Readiness::Completed, .. } => ("Waiting", "Exited"),
        Action::Wait { .. } => ("Waiting", "Healthy"),
        Action::RemoveContainer { .. }
        | Action::RemoveNetwork(_)
        | Action::RemoveVolume(_)
        | Action::RemoveImage(_) => ("Removing", "Removed"),
    }
}

/// A container in progress.
pub(super) fn container(name: &str) -> String {
    format!("Container {name}")
}

/// A step begins.
pub(super) fn begin(runner: &Runner, step: &Step) {
    let details = match &step.action {
        Action::Wait { service, until, .. } => purpose(*until, service, &step.reason),
        _ => String::new(),
    };
    say(runner, step, Status::Working, words(step).0, &details);
}

/// A step ended.
pub(super) fn end(runner: &Runner, step: &Step, result: &Result<Effect, StepError>) {
    match result {
        Ok(Effect::Done) => say(runner, step, Status::Done, words(step).1, ""),
        Ok(Effect::InUse) => say(runner, step, Status::Warning, "Resource is still in use", ""),
        Err(_) => say(runner, step, Status::Error, "Error", ""),
    }
}

fn say(runner: &Runner, step: &Step, status: Status, text: &str, details: &str) {
    if text.is_empty() {
        return;
    }
    for id in resources(&step.action) {
        runner.progress.event(&ProgressEvent::new(id, status, text).with_details(details));
    }
}

/// Whether it may take long and can be dropped at any point.
pub(super) fn is_long(action: &Action) -> bool {
    matches!(
        action,
        Action::PullImage(_)
            | Action::BuildImage(_)
            | Action::Wait { .. }
            | Action::Watch { .. }
            | Action::Delay(_)
    )
}
