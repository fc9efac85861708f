//! What a name refers to in its registry, without pulling it.

use super::Registry;
use super::credentials::Credentials;
use super::error::RegistryError;
use super::pull::parse;
use super::remote::Remote;
use crate::digest::Digest;
use crate::model::{Descriptor, Document, Manifest, media_type};
use crate::platform::Platform;
use crate::reference::Reference;

/// What a registry says about a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// The manifest or index: media type, digest, and size in bytes.
    pub descriptor: Descriptor,
    /// The platforms of an index, and that of a manifest of Docker's own kind; an OCI manifest does not say its platform.
    pub platforms: Vec<Platform>,
}

impl Registry {
    /// Asks the registry, by way of its mirrors as a pull does.
    ///
    /// # Errors
    /// As [`Registry::pull`].
    pub async fn inspect(
        &self,
        reference: &Reference,
        credentials: &Credentials,
    ) -> Result<Inspected, RegistryError> {
        self.at_endpoints(reference, credentials, |remote| inspect_at(remote, reference)).await
    }
}

async fn inspect_at(remote: Remote, reference: &Reference) -> Result<Inspected, RegistryError> {
    let bytes = remote.document(None).await?;
    let digest = reference.digest().cloned().unwrap_or_else(|| Digest::of(&bytes));
    let document = parse(reference, &bytes)?;
    let descriptor = Descriptor::new(document.media_type(), digest, bytes.len() as u64);
    let platforms = match document {
        Document::Index(index) => index.manifests.into_iter().filter_map(|entry| entry.platform).collect(),
        Document::Manifest(manifest) => platform(&remote, &manifest).await?.into_iter().collect(),
    };
    Ok(Inspected { descriptor, platforms })
}

async fn platform(remote: &Remote, manifest: &Manifest) -> Result<Option<Platform>, RegistryError> {
    if manifest.media_type.as_deref() != Some(media_type::DOCKER_MANIFEST) {
        return Ok(None);
    }
    let config = remote.small_blob(&manifest.config).await?;
    // A configuration without a platform is one of something else than an image, which is no error here.
    Ok(serde_json::from_slice(&config).ok().filter(|platform: &Platform| !platform.is_unknown()))
}
