//! Images: a thin face over the image store, plus what only an engine knows: which containers use them.

use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::io::{ByteStream, ProgressStream};
use crate::model::image::{
    ImageDeleted, ImageHistory, ImageInspect, ImageSummary, ImagesPruned, RegistryAuth,
};

/// `POST /images/create` from a registry.
#[derive(Debug, Clone, Default)]
pub struct PullRequest {
    /// Name with or without tag or digest.
    pub image: String,
    /// Tag or digest, when given apart.
    pub tag: Option<String>,
    /// `os/arch[/variant]`, when asked for.
    pub platform: Option<String>,
    /// Credentials of this request.
    pub auth: Option<RegistryAuth>,
}

/// `POST /images/create` from an archive of a root filesystem.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// Repository of the new image; empty makes a dangling one.
    pub repository: String,
    /// Tag.
    pub tag: String,
    /// History comment.
    pub message: String,
    /// `os/arch[/variant]`, when asked for.
    pub platform: Option<String>,
    /// Dockerfile instructions to apply to the configuration.
    pub changes: Vec<String>,
}

/// The image calls.
#[derive(Clone)]
pub struct Images;

impl Images {
    /// Images, newest first. `all` is accepted and changes nothing: there are no intermediate images. Filter keys: before, dangling, label, reference, since, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, filters: Filters, shared_size: bool) -> Result<Vec<ImageSummary>> {
        let _ = (filters, shared_size);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Everything about one.
    ///
    /// # Errors
    /// No such image.
    pub async fn inspect(&self, name: &str) -> Result<ImageInspect> {
        let _ = (name,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Its history, newest first.
    ///
    /// # Errors
    /// No such image.
    pub async fn history(&self, name: &str) -> Result<Vec<ImageHistory>> {
        let _ = (name,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// No such image; not a reference.
    pub async fn tag(&self, name: &str, repository: &str, tag: &str) -> Result<()> {
        let _ = (name, repository, tag);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes a name, and the image when it was the last.
    ///
    /// # Errors
    /// In use (409), no such image.
    pub async fn remove(&self, name: &str, force: bool, no_prune: bool) -> Result<Vec<ImageDeleted>> {
        let _ = (name, force, no_prune);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Pulls. What fails before the first byte is an error, what fails later ends the stream.
    ///
    /// # Errors
    /// Not a reference.
    pub async fn pull(&self, request: PullRequest) -> Result<ProgressStream> {
        let _ = (request,);
        Err(Error::NotImplemented("being written".to_owned()))
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
        let _ = (name, tag, auth);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// An archive of images (contract 7.7.1).
    ///
    /// # Errors
    /// No such image.
    pub async fn save(&self, names: Vec<String>) -> Result<ByteStream> {
        let _ = (names,);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Loads an archive.
    ///
    /// # Errors
    /// Not an archive.
    pub async fn load(&self, archive: ByteStream, quiet: bool) -> Result<ProgressStream> {
        let _ = (archive, quiet);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Makes an image from a root filesystem.
    ///
    /// # Errors
    /// Not an archive.
    pub async fn import(&self, request: ImportRequest, archive: ByteStream) -> Result<ProgressStream> {
        let _ = (request, archive);
        Err(Error::NotImplemented("being written".to_owned()))
    }

    /// Removes unused ones. Filter keys: dangling, label, label!, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<ImagesPruned> {
        let _ = (filters,);
        Err(Error::NotImplemented("being written".to_owned()))
    }
}
