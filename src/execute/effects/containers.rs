//! Effects on containers. Something that is already as wanted is a success.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, EndpointSettings, NetworkConnectRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    RenameContainerOptionsBuilder, RestartContainerOptionsBuilder, StartContainerOptions,
    StopContainerOptionsBuilder,
};

use super::files;
use crate::engine::{ApiVersion, is_not_found, is_not_modified};
use crate::execute::{Runner, StepError};
use crate::plan::desired::ContainerSpec;
use crate::plan::step::{Action, ContainerTarget, StopTimeout};

pub(super) async fn run(runner: &Runner, action: &Action) -> Result<(), StepError> {
    match action {
        Action::CreateContainer { spec, name } => create(runner, spec, name).await,
        Action::RenameContainer { from, to } => rename(runner, from, to).await,
        Action::StartContainer(target) => start(runner, target).await,
        Action::StopContainer(target, timeout) => stop(runner, target, *timeout).await,
        Action::RestartContainer(target, timeout) => restart(runner, target, *timeout).await,
        Action::KillContainer(target, signal) => kill(runner, target, signal).await,
        Action::PauseContainer(target) => {
            let result = runner.engine.docker().pause_container(&target.id).await;
            result.map_err(|error| call("pause", target, &error))
        }
        Action::UnpauseContainer(target) => {
            let result = runner.engine.docker().unpause_container(&target.id).await;
            result.map_err(|error| call("unpause", target, &error))
        }
        Action::RemoveContainer { container, volumes, force } => {
            remove(runner, container, *volumes, *force).await
        }
        _ => Ok(()),
    }
}

fn call(verb: &str, target: &ContainerTarget, error: &bollard::errors::Error) -> StepError {
    StepError::call(format!("cannot {verb} container {}", target.name), error)
}

pub(super) async fn create(runner: &Runner, spec: &ContainerSpec, name: &str) -> Result<(), StepError> {
    let mut options = CreateContainerOptionsBuilder::default().name(name);
    if !spec.platform.is_empty() {
        options = options.platform(&spec.platform);
    }
    let (body, later) = split_networks(runner.engine.version(), spec.body.clone());
    let answer = runner.engine.docker().create_container(Some(options.build()), body).await;
    let operation = || format!("service {}: cannot create container {name}", spec.service);
    let created = answer.map_err(|error| StepError::call(operation(), &error))?;
    for text in created.warnings {
        runner.progress.warning(&format!("container {name}: {text}"));
    }
    connect(runner, &created.id, name, later).await?;
    files::write(runner, &created.id, name, &spec.files).await
}

/// Before API 1.44 a create request takes one network; the others are connected afterwards.
fn split_networks(
    version: ApiVersion,
    mut body: ContainerCreateBody,
) -> (ContainerCreateBody, HashMap<String, EndpointSettings>) {
    if version >= ApiVersion::SEVERAL_NETWORKS {
        return (body, HashMap::new());
    }
    let primary = body.host_config.as_ref().and_then(|host| host.network_mode.clone()).unwrap_or_default();
    let endpoints = body.networking_config.as_mut().and_then(|config| config.endpoints_config.as_mut());
    let mut later = HashMap::new();
    if let Some(endpoints) = endpoints {
        later = std::mem::take(endpoints);
        endpoints.extend(later.remove_entry(&primary));
    }
    (body, later)
}

async fn connect(
    runner: &Runner,
    id: &str,
    name: &str,
    endpoints: HashMap<String, EndpointSettings>,
) -> Result<(), StepError> {
    for (network, endpoint) in endpoints {
        let request = NetworkConnectRequest { container: id.to_owned(), endpoint_config: Some(endpoint) };
        let answer = runner.engine.docker().connect_network(&network, request).await;
        answer.map_err(|e| {
            StepError::call(format!("cannot connect container {name} to network {network}"), &e)
        })?;
    }
    Ok(())
}

async fn rename(runner: &Runner, from: &str, to: &str) -> Result<(), StepError> {
    let options = RenameContainerOptionsBuilder::default().name(to).build();
    let answer = runner.engine.docker().rename_container(from, options).await;
    answer.map_err(|error| StepError::call(format!("cannot rename container {from} to {to}"), &error))
}

async fn start(runner: &Runner, target: &ContainerTarget) -> Result<(), StepError> {
    match runner.engine.docker().start_container(&target.id, None::<StartContainerOptions>).await {
        Err(error) if !is_not_modified(&error) => Err(call("start", target, &error)),
        _ => Ok(()),
    }
}

async fn stop(runner: &Runner, target: &ContainerTarget, timeout: StopTimeout) -> Result<(), StepError> {
    let mut options = StopContainerOptionsBuilder::default();
    if let Some(seconds) = timeout {
        options = options.t(seconds);
    }
    match runner.engine.docker().stop_container(&target.id, Some(options.build())).await {
        Err(error) if !is_not_modified(&error) && !is_not_found(&error) => Err(call("stop", target, &error)),
        _ => Ok(()),
    }
}

async fn restart(runner: &Runner, target: &ContainerTarget, timeout: StopTimeout) -> Result<(), StepError> {
    let mut options = RestartContainerOptionsBuilder::default();
    if let Some(seconds) = timeout {
        options = options.t(seconds);
    }
    let answer = runner.engine.docker().restart_container(&target.id, Some(options.build())).await;
    answer.map_err(|error| call("restart", target, &error))
}

async fn kill(runner: &Runner, target: &ContainerTarget, signal: &str) -> Result<(), StepError> {
    let options = KillContainerOptionsBuilder::default().signal(signal).build();
    let answer = runner.engine.docker().kill_container(&target.id, Some(options)).await;
    answer.map_err(|error| call("kill", target, &error))
}

async fn remove(
    runner: &Runner,
    target: &ContainerTarget,
    volumes: bool,
    force: bool,
) -> Result<(), StepError> {
    let options = RemoveContainerOptionsBuilder::default().v(volumes).force(force).build();
    match runner.engine.docker().remove_container(&target.id, Some(options)).await {
        Err(error) if !is_not_found(&error) => Err(call("remove", target, &error)),
        _ => Ok(()),
    }
}
