//! One step, one effect on the engine.

mod containers;
mod files;
mod hooks;
mod images;
mod resources;
mod run;

pub(super) use images::split as split_reference;

use super::{ContainerEvents, Runner, StepError, build, wait, watch};
use crate::plan::step::{Action, Step};

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Done,
    /// It is there still, because something else uses it.
    InUse,
}

/// Does what a step says.
pub(super) async fn run(
    runner: &Runner,
    events: Option<&ContainerEvents>,
    step: &Step,
) -> Result<Effect, StepError> {
    match &step.action {
        Action::RemoveImage(image) => images::remove(runner, image).await,
        Action::RemoveNetwork(name) => resources::remove_network(runner, name).await,
        Action::RemoveVolume(name) => resources::remove_volume(runner, name).await,
        _ => done(runner, events, step).await.map(|()| Effect::Done),
    }
}

/// Does what either is done or fails.
async fn done(runner: &Runner, events: Option<&ContainerEvents>, step: &Step) -> Result<(), StepError> {
    match &step.action {
        Action::PullImage(pull) => images::pull(runner, pull).await,
        Action::BuildImage(request) => build::run(runner, request).await,
        Action::CreateNetwork(request) => resources::create_network(runner, request).await,
        Action::DisconnectNetwork { network, container } => {
            resources::disconnect(runner, network, container).await
        }
        Action::RunHook { container, hook } => hooks::run(runner, container, hook).await,
        Action::CreateVolume(request) => resources::create_volume(runner, request).await,
        Action::Wait { until, containers, service } => match events {
            Some(events) => wait::wait(runner, events, *until, containers, (service, &step.reason)).await,
            None => Ok(()),
        },
        Action::Watch { container, monitor } => match events {
            Some(events) => watch::watch(runner, events, container, *monitor).await,
            None => Ok(()),
        },
        Action::RunContainer { spec, index } => run::run(runner, spec, *index).await,
        Action::Delay(time) => {
            tokio::time::sleep(*time).await;
            Ok(())
        }
        _ => containers::run(runner, &step.action).await,
    }
}
