//! Fetches an artifact. A registry may be anybody's: what comes is bounded, and is what its digest says.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use oci_client::client::ClientProtocol;
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use oci_client::{Client, Reference};

use super::{RegistryError, Repository, digest};

/// Largest manifest, in bytes: what registries take (OCI distribution specification, "Pushing Manifests").
const MAX_MANIFEST: usize = 4 << 20;
const MAX_LAYERS: usize = 1000;
/// Most bytes of all layers together.
const MAX_CONTENT: usize = 64 << 20;

/// An artifact in a registry, of which the manifest is here.
pub struct RemoteArtifact {
    client: Client,
    reference: Reference,
    manifest: OciImageManifest,
    /// `sha256:…` of the manifest.
    pub digest: String,
}

/// A file of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What kind of file.
    pub media_type: String,
    /// What its maker says of it.
    pub annotations: BTreeMap<String, String>,
    /// All of it.
    pub content: Vec<u8>,
}

impl Repository {
    /// Fetches the manifest of an artifact.
    ///
    /// # Errors
    /// It is not there, is too large or none, or the registry refuses.
    pub async fn open(&self) -> Result<RemoteArtifact, RegistryError> {
        self.with_protocol(async |protocol| self.open_by(protocol).await).await
    }

    async fn open_by(&self, protocol: ClientProtocol) -> Result<RemoteArtifact, RegistryError> {
        let reference = self.reference.clone();
        let failed = |source| failed(&reference, source);
        let wrong = |problem: String| RegistryError::Content { reference: reference.to_string(), problem };
        let client = self.client(protocol).await.map_err(failed)?;
        let pulled = client.pull_manifest_raw(&reference, &self.login(), &[OCI_IMAGE_MEDIA_TYPE]).await;
        let (content, _) = pulled.map_err(failed)?;
        if content.len() > MAX_MANIFEST {
            return Err(wrong(format!("its manifest is larger than {} MiB", MAX_MANIFEST >> 20)));
        }
        let digest = digest(&content);
        if reference.digest().is_some_and(|asked| asked != digest) {
            return Err(wrong(format!("the registry sent {digest} instead")));
        }
        let manifest: OciImageManifest = serde_json::from_slice(&content)
            .map_err(|error| wrong(format!("it has no manifest of an artifact: {error}")))?;
        Ok(RemoteArtifact { client, reference, manifest, digest })
    }
}

impl RemoteArtifact {
    /// What kind of artifact it is: its type, and in older registries the type of its configuration.
    pub fn kind(&self) -> &str {
        self.manifest.artifact_type.as_deref().unwrap_or(&self.manifest.config.media_type)
    }

    /// Fetches its files.
    ///
    /// # Errors
    /// They are too many or too large, not what the manifest says, or the registry refuses.
    pub async fn layers(&self) -> Result<Vec<Layer>, RegistryError> {
        if self.manifest.layers.len() > MAX_LAYERS {
            return Err(self.wrong(format!("it has more than {MAX_LAYERS} files")));
        }
        let mut layers = Vec::with_capacity(self.manifest.layers.len());
        let mut room = MAX_CONTENT;
        for descriptor in &self.manifest.layers {
            let content = self.content(descriptor, room).await?;
            room -= content.len();
            let annotations = descriptor.annotations.clone().unwrap_or_default();
            layers.push(Layer { media_type: descriptor.media_type.clone(), annotations, content });
        }
        Ok(layers)
    }

    /// A file of at most `room` bytes.
    async fn content(&self, descriptor: &OciDescriptor, room: usize) -> Result<Vec<u8>, RegistryError> {
        let failed = |source| failed(&self.reference, source);
        let mut stream = self.client.pull_blob_stream(&self.reference, descriptor).await.map_err(failed)?;
        let mut content = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| failed(error.into()))?;
            if chunk.len() > room - content.len() {
                return Err(self.wrong(format!("its files are larger than {} MiB", MAX_CONTENT >> 20)));
            }
            content.extend_from_slice(&chunk);
        }
        match digest(&content) {
            found if found == descriptor.digest => Ok(content),
            found => Err(self.wrong(format!("the registry sent {found} for {}", descriptor.digest))),
        }
    }

    fn wrong(&self, problem: String) -> RegistryError {
        RegistryError::Content { reference: self.reference.to_string(), problem }
    }
}

fn failed(reference: &Reference, source: OciDistributionError) -> RegistryError {
    RegistryError::Pull { reference: reference.to_string(), source: Box::new(source) }
}
