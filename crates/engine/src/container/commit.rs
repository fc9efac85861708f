//! A container's file system as a new image.

use std::sync::Arc;

use jiff::Timestamp;
use wharf_image::archive::apply_change;
use wharf_image::store::Commit;
use wharf_image::{Healthcheck, History, ImageConfig};

use super::Containers;
use super::instance::Container;
use super::merge::{ImageDefaults, merge};
use super::requests::CommitRequest;
use super::state::Status;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::image::local::store_error;
use crate::image::target;
use crate::model::config::{Config, HealthConfig};
use crate::model::json::meaningful;

impl Containers {
    /// Its filesystem as a new image; gives the image's id.
    ///
    /// # Errors
    /// An invalid reference or instruction.
    pub async fn commit(&self, request: CommitRequest) -> Result<String> {
        let (core, container) = (self.core.clone(), self.get(&request.container)?);
        blocking(move || commit(&core, &container, &request)).await
    }
}

fn commit(core: &Core, container: &Arc<Container>, request: &CommitRequest) -> Result<String> {
    let tag = target(&request.repository, &request.tag)?;
    let store = core.images.store();
    let image_id = container.record().image_id.clone();
    let image = core.images.resolve(&image_id)?;
    let config = image_config(&image.config, &effective(&container.record().config, request)?, request)?;
    let failed = |error| store_error(&image_id, error);
    let layer = {
        let _frozen = freeze(container, request.pause)?;
        store.commit_layer(&container.path("upper"), Commit::Copy).map_err(failed)?
    };
    let mut layers = image.layers.clone();
    layers.push(layer.id.clone());
    let tags: Vec<_> = tag.iter().cloned().collect();
    let made = store.create_image(config, &layers, &tags).map_err(failed)?;
    let id = made.id.to_string();
    let name = tag.map(|tag| tag.familiar()).unwrap_or_default();
    let about = [("comment", request.comment.as_str()), ("imageID", &id), ("imageRef", &name)];
    container.publish(&core.events, "commit", &about);
    Ok(id)
}

/// The configuration that the image gets: the container's, where the request says nothing else.
fn effective(container: &Config, request: &CommitRequest) -> Result<Config> {
    let Some(asked) = &request.config else { return Ok(container.clone()) };
    if let Some(name) = meaningful(&asked.unknown).next() {
        return Err(Error::NotImplemented(format!("option {name} is not supported by this engine")));
    }
    merge(asked, &ImageDefaults { config: container.clone() })
}

/// The image's document with the container's configuration, the changes on it, and one more step of history.
fn image_config(image: &ImageConfig, container: &Config, request: &CommitRequest) -> Result<ImageConfig> {
    let mut config = image.clone();
    configure(&mut config.config, container);
    // One parameter may hold several instructions: Docker's engine reads all of them as lines of one file.
    for change in
        request.changes.iter().flat_map(|change| change.lines()).filter(|line| !line.trim().is_empty())
    {
        apply_change(&mut config.config, change).map_err(|error| Error::BadParameter(error.to_string()))?;
    }
    let created = Timestamp::now().to_string();
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    config.created = Some(created.clone());
    config.author = text(&request.author).or(config.author);
    config.history.push(History {
        created: Some(created),
        created_by: text(&container.cmd.clone().unwrap_or_default().join(" ")),
        author: text(&request.author),
        comment: text(&request.comment),
        ..History::default()
    });
    Ok(config)
}

/// What an image keeps of a container's configuration.
fn configure(image: &mut wharf_image::Config, container: &Config) {
    image.user.clone_from(&container.user);
    image.exposed_ports = container.exposed_ports.keys().cloned().collect();
    image.env.clone_from(&container.env);
    image.cmd.clone_from(&container.cmd);
    image.entrypoint.clone_from(&container.entrypoint);
    image.volumes = container.volumes.iter().flat_map(|volumes| volumes.keys().cloned()).collect();
    image.working_dir.clone_from(&container.working_dir);
    image.labels = container.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    image.stop_signal = Some(container.stop_signal.clone()).filter(|signal| !signal.is_empty());
    image.healthcheck = container.healthcheck.as_ref().filter(|check| !check.test.is_empty()).map(health);
}

fn health(container: &HealthConfig) -> Healthcheck {
    Healthcheck {
        test: container.test.clone(),
        interval: container.interval,
        timeout: container.timeout,
        start_period: container.start_period,
        start_interval: container.start_interval,
        retries: container.retries,
    }
}

/// The container's processes stand still until this is dropped.
struct Frozen(Arc<super::run::Run>);

impl Drop for Frozen {
    fn drop(&mut self) {
        if let Err(error) = self.0.cgroup.thaw() {
            tracing::error!(%error, "a container stays frozen after a commit");
        }
    }
}

fn freeze(container: &Container, wanted: bool) -> Result<Option<Frozen>> {
    let Some(run) = container.run().filter(|_| wanted && container.status() == Status::Running) else {
        return Ok(None);
    };
    run.cgroup.freeze().map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Some(Frozen(run)))
}
