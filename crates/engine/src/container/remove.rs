//! Removing containers.

use std::sync::Arc;

use super::instance::Container;
use super::mounts::MountKind;
use super::requests::RemoveOptions;
use super::state::Status;
use super::stop::kill;
use crate::core::Core;
use crate::error::{Error, Result};

/// Removes a container on request. The caller holds its operation lock.
///
/// # Errors
/// It runs and `force` is not set (409).
pub async fn remove(core: &Arc<Core>, container: &Arc<Container>, options: RemoveOptions) -> Result<()> {
    let status = container.status();
    if status.counts_as_running() {
        if !options.force {
            return Err(refusal(container, status));
        }
        match kill(core, container, Some("KILL")).await {
            // It may end by itself meanwhile.
            Ok(()) | Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    remove_now(core, container, options.volumes).await
}

fn refusal(container: &Container, status: Status) -> Error {
    let (name, advice) = match status {
        Status::Paused => ("paused", "unpause and then stop the container before removing or force remove"),
        Status::Restarting => ("restarting", "stop the container before removing or force remove"),
        _ => ("running", "stop the container before removing or force remove"),
    };
    Error::Conflict(format!(
        "cannot remove container \"{}\": container is {name}: {advice}",
        container.name()
    ))
}

/// Removes a container that has no process. The caller holds its operation lock.
///
/// # Errors
/// Its record cannot be removed; it still exists then.
pub async fn remove_now(core: &Arc<Core>, container: &Arc<Container>, volumes: bool) -> Result<()> {
    if container.phase().borrow().removed {
        return Err(Error::NoSuchContainer(container.id().to_owned()));
    }
    let record = container.path("config.json");
    // Without its record a directory is what an interrupted request left: from here on the container is gone for good.
    std::fs::remove_file(&record).map_err(Error::io("remove", &record))?;
    core.containers.remove(container);
    core.execs.forget_container(container.id());
    if volumes {
        remove_anonymous_volumes(core, container);
    }
    container.clients.close();
    container.publish(&core.events, "destroy", &[]);
    container.announce_removal();
    let container = container.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = container.remove_directories() {
            tracing::warn!(
                container = container.id(),
                error = error.message(),
                "files of a container are left"
            );
        }
    });
    Ok(())
}

/// Those that were made for this container and that no other uses (contract 2.2.3).
fn remove_anonymous_volumes(core: &Core, container: &Container) {
    let record = container.record();
    let own = record.mounts.iter().filter(|mount| mount.kind == MountKind::Volume && mount.anonymous);
    for mount in own {
        if core.containers.users_of_volume(&mount.volume).is_empty() {
            match core.volumes.remove(&mount.volume) {
                Ok(()) => crate::volume::publish(&core.events, "destroy", &mount.volume),
                Err(error) => tracing::warn!(error = error.message(), "a volume is left"),
            }
        }
    }
}
