//! Effects on networks and volumes.

use bollard::models::{NetworkCreateRequest, NetworkDisconnectRequest, VolumeCreateRequest};
use bollard::query_parameters::RemoveVolumeOptions;

use super::Effect;
use crate::engine::{is_conflict, is_not_found};
use crate::execute::{Runner, StepError};
use crate::plan::step::ContainerTarget;

pub(super) async fn create_network(runner: &Runner, request: &NetworkCreateRequest) -> Result<(), StepError> {
    match runner.engine.docker().create_network(request.clone()).await {
        // Another command made it a moment ago; its labels are checked by the next `up`.
        Err(error) if is_conflict(&error) => Ok(()),
        Err(error) => Err(StepError::call(format!("cannot create network {}", request.name), &error)),
        Ok(_) => Ok(()),
    }
}

pub(super) async fn remove_network(runner: &Runner, name: &str) -> Result<Effect, StepError> {
    match runner.engine.docker().remove_network(name).await {
        Err(error) if in_use(&error) => Ok(Effect::InUse),
        Err(error) if !is_not_found(&error) => {
            Err(StepError::call(format!("cannot remove network {name}"), &error))
        }
        _ => Ok(Effect::Done),
    }
}

/// Docker answers 403 for a network with endpoints and 409 for a volume with users.
fn in_use(error: &bollard::errors::Error) -> bool {
    let message = crate::engine::server_message(error);
    is_conflict(error) || message.contains("has active endpoints")
}

pub(super) async fn disconnect(
    runner: &Runner,
    network: &str,
    container: &ContainerTarget,
) -> Result<(), StepError> {
    let request = NetworkDisconnectRequest { container: container.id.clone(), force: Some(true) };
    let operation = || format!("cannot disconnect container {} from network {network}", container.name);
    match runner.engine.docker().disconnect_network(network, request).await {
        Err(error) if !is_not_found(&error) => Err(StepError::call(operation(), &error)),
        _ => Ok(()),
    }
}

pub(super) async fn create_volume(runner: &Runner, request: &VolumeCreateRequest) -> Result<(), StepError> {
    let answer = runner.engine.docker().create_volume(request.clone()).await;
    let name = request.name.as_deref().unwrap_or_default();
    answer.map(|_| ()).map_err(|error| StepError::call(format!("cannot create volume {name}"), &error))
}

pub(super) async fn remove_volume(runner: &Runner, name: &str) -> Result<Effect, StepError> {
    match runner.engine.docker().remove_volume(name, None::<RemoveVolumeOptions>).await {
        Err(error) if in_use(&error) => Ok(Effect::InUse),
        Err(error) if !is_not_found(&error) => {
            Err(StepError::call(format!("cannot remove volume {name}"), &error))
        }
        _ => Ok(Effect::Done),
    }
}
