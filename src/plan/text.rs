//! A plan as stable text: what planner tests compare, and the lines that `output::plan` prints.

use std::fmt::{self, Display, Formatter};

use super::step::{Action, Change, FailureAction, MONITOR, Plan, Readiness, Reason, Step};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (id, step) in self.steps.iter().enumerate() {
            writeln!(f, "{:>3}  {step}", id + 1)?;
        }
        for name in &self.kept {
            writeln!(f, "  =  keep container {name}")?;
        }
        Ok(())
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.action, self.reason)?;
        if !self.after.is_empty() {
            write!(f, " after {}", numbers(&self.after))?;
        }
        if !self.after_optional.is_empty() {
            write!(f, " if possible after {}", numbers(&self.after_optional))?;
        }
        Ok(())
    }
}

fn numbers(ids: &[usize]) -> String {
    let numbers: Vec<String> = ids.iter().map(|id| (id + 1).to_string()).collect();
    numbers.join(",")
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::PullImage(pull) if pull.fallback.is_some() => {
                write!(f, "pull image {} or build it", pull.image)
            }
            Action::PullImage(pull) => write!(f, "pull image {}", pull.image),
            Action::BuildImage(build) => write!(f, "build image {}", build.image),
            Action::CreateNetwork(network) => write!(f, "create network {}", network.name),
            Action::RemoveNetwork(name) => write!(f, "remove network {name}"),
            Action::DisconnectNetwork { network, container } => {
                write!(f, "disconnect container {} from network {network}", container.name)
            }
            Action::CreateVolume(volume) => {
                write!(f, "create volume {}", volume.name.as_deref().unwrap_or_default())
            }
            Action::RemoveVolume(name) => write!(f, "remove volume {name}"),
            Action::Wait { until, service, .. } => write!(f, "wait until {service} {until}"),
            Action::Watch { container, monitor: None } => {
                write!(
                    f,
                    "watch container {} until it is healthy, or for {MONITOR:?} without a health check",
                    container.name
                )
            }
            Action::Watch { container, monitor: Some(time) } => {
                write!(f, "watch container {} for {time:?}", container.name)
            }
            Action::RunContainer { spec, index } => {
                write!(f, "run pre_start[{index}] of {} to its end in {}", spec.service, spec.name)
            }
            Action::Delay(time) => write!(f, "let {time:?} pass"),
            Action::RemoveImage(image) => write!(f, "remove image {image}"),
            container => container_action(container, f),
        }
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old == new => write!(f, "{}: changed {new}", self.field)?,
            (Some(old), Some(new)) => write!(f, "{}: {old} → {new}", self.field)?,
            (Some(old), None) => write!(f, "{}: {old} → (not set)", self.field)?,
            (None, Some(new)) => write!(f, "{}: (not set) → {new}", self.field)?,
            (None, None) => write!(f, "{}", self.field)?,
        }
        match &self.place {
            Some(place) => write!(f, "  [{place}]"),
            None => Ok(()),
        }
    }
}

fn container_action(action: &Action, f: &mut Formatter<'_>) -> fmt::Result {
    match action {
        Action::CreateContainer { name, .. } => write!(f, "create container {name}"),
        Action::RenameContainer { from, to } => write!(f, "rename container {from} to {to}"),
        Action::StartContainer(target) => write!(f, "start container {}", target.name),
        Action::StopContainer(target, _) => write!(f, "stop container {}", target.name),
        Action::RestartContainer(target, _) => write!(f, "restart container {}", target.name),
        Action::KillContainer(target, signal) => write!(f, "send {signal} to container {}", target.name),
        Action::PauseContainer(target) => write!(f, "pause container {}", target.name),
        Action::UnpauseContainer(target) => write!(f, "unpause container {}", target.name),
        Action::RunHook { container, hook } => {
            write!(f, "run {} in container {}", hook.command.join(" "), container.name)
        }
        Action::RemoveContainer { container, volumes: true, .. } => {
            write!(f, "remove container {} and its anonymous volumes", container.name)
        }
        Action::RemoveContainer { container, .. } => write!(f, "remove container {}", container.name),
        _ => Ok(()),
    }
}

impl Display for Readiness {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Readiness::Healthy => "is healthy",
            Readiness::Completed => "completed",
            Readiness::Ready => "is ready",
        })
    }
}

impl Display for FailureAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FailureAction::Pause => "pause",
            FailureAction::Continue => "continue",
            FailureAction::Rollback => "roll back",
        })
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Missing => f.write_str("missing"),
            Reason::Policy(policy) => f.write_str(policy),
            Reason::ConfigChanged => f.write_str("configuration changed"),
            Reason::ImageChanged => f.write_str("image changed"),
            Reason::ContentChanged => f.write_str("content of a config or secret changed"),
            Reason::Forced => f.write_str("forced"),
            Reason::NetworkMissing(name) => write!(f, "not in network {name}"),
            Reason::VolumeMissing(name) => write!(f, "lacks volume {name}"),
            Reason::ParentRecreated(name) => write!(f, "{name} is recreated"),
            Reason::Replaces(name) => write!(f, "replaces {name}"),
            Reason::Update { number, of } => write!(f, "update {number} of {of}"),
            Reason::Rollback { number, of } => write!(f, "rollback {number} of {of}"),
            Reason::OnFailure(action) => write!(f, "on failure {action}"),
            Reason::NotRunning => f.write_str("not running"),
            Reason::ScaleDown => f.write_str("scale down"),
            Reason::CutOff => f.write_str("left by an interrupted update"),
            Reason::Orphan => f.write_str("orphan"),
            Reason::NeededBy(name) => write!(f, "needed by {name}"),
            Reason::Asked => f.write_str("asked"),
            Reason::ImagePending => f.write_str("only if the new image differs"),
        }
    }
}
