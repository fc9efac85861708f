//! Images: a face over the image store, plus what only an engine knows: which containers use them.
//!
//! [`describe`] and [`select`] answer questions; [`names`], [`transfer`] and [`remote`] change the store; [`progress`] translates what it tells.

mod describe;
pub(crate) mod local;
mod names;
pub(crate) mod progress;
pub(crate) mod remote;
mod requests;
mod select;
mod transfer;

pub(crate) use names::target;
pub use remote::credentials;
pub use requests::{ImportRequest, PullRequest};

use std::sync::Arc;

use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::events::Bus;
use crate::filters::Filters;
use crate::io::{ByteStream, ProgressStream};
use crate::model::config::Labels;
use crate::model::image::{
    DistributionInspect, ImageDeleted, ImageHistory, ImageInspect, ImageSummary, ImagesPruned, RegistryAuth,
};

/// The image calls.
#[derive(Clone)]
pub struct Images {
    core: Arc<Core>,
}

/// Publishes an event about an image; `name` is what it was called in the request.
pub(crate) fn publish(events: &Bus, action: &str, id: &str, name: &str) {
    let attributes = Labels::from([("name".to_owned(), name.to_owned())]);
    events.publish("image", action, id, attributes);
}

impl Images {
    pub(crate) fn new(core: Arc<Core>) -> Images {
        Images { core }
    }

    /// Images, newest first; intermediate ones do not exist. Filter keys: before, dangling, label, reference, since, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, filters: Filters, shared_size: bool) -> Result<Vec<ImageSummary>> {
        let core = self.core.clone();
        blocking(move || {
            let images = core.images.images()?;
            let selected = select::Selection::of(&filters, &core.images)?.apply(&images);
            Ok(selected
                .iter()
                .map(|image| describe::summary(&core, image, shared_size.then_some(&images[..])))
                .collect())
        })
        .await
    }

    /// Everything about one.
    ///
    /// # Errors
    /// No such image.
    pub async fn inspect(&self, name: &str) -> Result<ImageInspect> {
        let (core, name) = (self.core.clone(), name.to_owned());
        blocking(move || describe::inspect(&core, &core.images.resolve(&name)?)).await
    }

    /// Its history, newest first.
    ///
    /// # Errors
    /// No such image.
    pub async fn history(&self, name: &str) -> Result<Vec<ImageHistory>> {
        let (core, name) = (self.core.clone(), name.to_owned());
        blocking(move || Ok(describe::history(&core, &core.images.resolve(&name)?))).await
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// No such image; not a reference.
    pub async fn tag(&self, name: &str, repository: &str, tag: &str) -> Result<()> {
        let (core, name) = (self.core.clone(), name.to_owned());
        let target = names::target(repository, tag)?.ok_or_else(|| {
            Error::BadParameter(
                "invalid reference format: the repository of the new name is empty".to_owned(),
            )
        })?;
        blocking(move || names::tag(&core, &name, &target)).await
    }

    /// Removes a name, and the image when it was the last. There are no untagged parents that `no_prune` could keep.
    ///
    /// # Errors
    /// In use (409), no such image.
    pub async fn remove(&self, name: &str, force: bool, no_prune: bool) -> Result<Vec<ImageDeleted>> {
        let _ = no_prune;
        let (core, name) = (self.core.clone(), name.to_owned());
        blocking(move || names::remove(&core, &name, force)).await
    }

    /// Removes unused ones. Filter keys: dangling, label, label!, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<ImagesPruned> {
        let core = self.core.clone();
        blocking(move || names::prune(&core, &filters)).await
    }

    /// Pulls. What fails before the first byte is an error, what fails later ends the stream.
    ///
    /// # Errors
    /// Not a reference; the registry refuses or cannot be reached.
    pub async fn pull(&self, request: PullRequest) -> Result<ProgressStream> {
        remote::pull(&self.core, request).await
    }

    /// Pushes.
    ///
    /// # Errors
    /// No such image.
    pub async fn push(
        &self,
        name: &str,
        tag: Option<&str>,
        auth: Option<RegistryAuth>,
    ) -> Result<ProgressStream> {
        remote::push(&self.core, name, tag, auth).await
    }

    /// What its registry says about a name; nothing is pulled.
    ///
    /// # Errors
    /// Not a reference; the registry refuses, knows no such image or cannot be reached.
    pub async fn inspect_in_registry(
        &self,
        name: &str,
        auth: Option<RegistryAuth>,
    ) -> Result<DistributionInspect> {
        remote::inspect(&self.core, name, auth).await
    }

    /// An archive of images (contract 7.7.1).
    ///
    /// # Errors
    /// No such image.
    pub async fn save(&self, names: Vec<String>) -> Result<ByteStream> {
        transfer::save(&self.core, names).await
    }

    /// Loads an archive; `quiet` leaves out the progress of its layers.
    ///
    /// # Errors
    /// Never before the stream; what fails ends it.
    pub async fn load(&self, archive: ByteStream, quiet: bool) -> Result<ProgressStream> {
        Ok(transfer::load(&self.core, archive, quiet))
    }

    /// Makes an image from a root filesystem.
    ///
    /// # Errors
    /// The name or the platform is wrong; what fails later ends the stream.
    pub async fn import(&self, request: ImportRequest, archive: ByteStream) -> Result<ProgressStream> {
        transfer::import(&self.core, request, archive)
    }
}
