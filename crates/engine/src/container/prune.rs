//! Removing containers that do not run.

use std::sync::Arc;

use jiff::Timestamp;

use super::instance::Container;
use super::remove::remove_now;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::model::summary::ContainersPruned;

/// Removes all containers without a process that the filters select.
///
/// # Errors
/// An unknown filter.
pub async fn prune(core: &Arc<Core>, filters: &Filters) -> Result<ContainersPruned> {
    filters.allow(&["label", "label!", "until"])?;
    let until = until(filters)?;
    let mut pruned = ContainersPruned::default();
    for container in core.containers.all() {
        let _operation = container.operation.lock().await;
        if container.status().counts_as_running() || !selected(&container, filters, until) {
            continue;
        }
        let size = written(&container).await;
        match remove_now(core, &container, false).await {
            Ok(()) => {
                pruned.space_reclaimed += size;
                pruned.containers_deleted.get_or_insert_default().push(container.id().to_owned());
            }
            Err(error) => tracing::warn!(container = container.id(), error = error.message(), "not pruned"),
        }
    }
    Ok(pruned)
}

fn selected(container: &Container, filters: &Filters, until: Option<Timestamp>) -> bool {
    let record = container.record();
    until.is_none_or(|until| record.created < until) && filters.labels(&record.config.labels)
}

/// `until` as a time, or as an age in Go's notation.
///
/// # Errors
/// It is neither.
pub fn until(filters: &Filters) -> Result<Option<Timestamp>> {
    let Some(text) = filters.get("until").first() else { return Ok(None) };
    let invalid = || Error::BadParameter(format!("invalid filter 'until={text}'"));
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).map(Some).map_err(|_| invalid());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Some(time));
    }
    let age: jiff::SignedDuration = text.parse().map_err(|_| invalid())?;
    Timestamp::now().checked_sub(age).map(Some).map_err(|_| invalid())
}

/// Bytes in a container's own layer.
pub async fn written(container: &Container) -> u64 {
    let upper = container.path("upper");
    blocking(move || Ok(crate::disk::usage(&upper))).await.unwrap_or(0)
}
