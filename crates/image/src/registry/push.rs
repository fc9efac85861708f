//! Pushing: layers that the registry does not have, the configuration, then the manifest.

use std::fs::File;
use std::io::Read;

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use oci_client::errors::OciDistributionError;

use super::credentials::Credentials;
use super::error::{Operation, RegistryError};
use super::remote::Remote;
use super::{Registry, endpoint};
use crate::digest::Digest;
use crate::model::{Descriptor, media_type};
use crate::progress::{ProgressSink, Status};
use crate::reference::Reference;
use crate::store::{Export, LayerForm};

/// Layers on their way at the same time, Docker's number.
const PARALLEL_LAYERS: usize = 5;
const CHUNK: usize = 256 * 1024;

/// How to push.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// Who we are.
    pub credentials: Credentials,
}

/// What a push did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Digest of the manifest in the registry.
    pub digest: Digest,
    /// Size of the manifest in bytes.
    pub size: u64,
}

impl Registry {
    /// Pushes the image that `reference` (a tag) points to. Layers that were pulled leave as the very same
    /// bytes.
    ///
    /// # Errors
    /// [`RegistryError`]. The manifest goes last, so a failed push leaves the tag as it was.
    pub async fn push(
        &self,
        reference: &Reference,
        options: &PushOptions,
        progress: &ProgressSink,
    ) -> Result<Pushed, RegistryError> {
        let Some(tag) = reference.tag().filter(|_| reference.digest().is_none()) else {
            return Err(RegistryError::PushDigest);
        };
        progress.overall(Status::PushRefersTo { repository: reference.name() });
        let (name, repository) = (reference.to_string(), reference.name());
        let (image, export, known) = self
            .blocking(move |store| {
                let image = store.resolve(&name)?;
                let export = store.export(&image, Some(&repository), LayerForm::Compressed)?;
                let known = store.repositories_of(&image.id);
                Ok((image, export, known))
            })
            .await?;
        let remote = self.reachable(reference, options, &export).await?;
        self.push_layers(&remote, &export, &same_registry(reference, &known), progress).await?;
        let pushed = push_documents(&remote, &export).await?;
        progress.overall(Status::PushedManifest {
            tag: tag.to_owned(),
            digest: pushed.digest.clone(),
            size: pushed.size,
        });
        let (digest, repository) = (pushed.digest.clone(), reference.name());
        self.blocking(move |store| {
            store.record_source(&image.id, &repository, &digest, &export.manifest_bytes)
        })
        .await?;
        Ok(pushed)
    }

    /// The first endpoint that answers a question about a blob.
    async fn reachable(
        &self,
        reference: &Reference,
        options: &PushOptions,
        export: &Export,
    ) -> Result<Remote, RegistryError> {
        let mut last = RegistryError::Cancelled;
        for endpoint in endpoint::for_push(reference, &self.inner.config) {
            let remote = Remote::new(endpoint, reference, &options.credentials, &self.inner.config)?;
            remote.authenticate().await;
            match has_blob(&remote, &export.manifest.config.digest).await {
                Err(error) if error.is_unreachable() => last = error,
                // A refusal here may still be a right to push; the upload will tell.
                _ => return Ok(remote),
            }
        }
        Err(last)
    }

    async fn push_layers(
        &self,
        remote: &Remote,
        export: &Export,
        known: &[Reference],
        progress: &ProgressSink,
    ) -> Result<(), RegistryError> {
        let kept = |layer: &&Descriptor| !media_type::is_foreign_layer(&layer.media_type);
        let layers: Vec<&Descriptor> = export.manifest.layers.iter().filter(kept).collect();
        layers.iter().for_each(|layer| progress.part(layer.digest.short(), Status::Preparing));
        // A list, not a lazy iterator: a closure in the future would keep it from moving between threads.
        let pushes: Vec<_> =
            layers.into_iter().map(|layer| self.push_layer(remote, layer, known, progress).boxed()).collect();
        stream::iter(pushes).buffer_unordered(PARALLEL_LAYERS).try_collect().await
    }

    async fn push_layer(
        &self,
        remote: &Remote,
        layer: &Descriptor,
        known: &[Reference],
        progress: &ProgressSink,
    ) -> Result<(), RegistryError> {
        let id = layer.digest.short();
        if has_blob(remote, &layer.digest).await.unwrap_or(false) {
            progress.part(id, Status::LayerAlreadyExists);
            return Ok(());
        }
        if let Some(repository) = mount(remote, &layer.digest, known).await {
            progress.part(id, Status::MountedFrom { repository });
            return Ok(());
        }
        let digest = layer.digest.clone();
        let file = self.blocking(move |store| store.open_blob(&digest)).await?;
        let content = counted(file, id.to_owned(), layer.size, progress.clone());
        let target = remote.by_digest(&layer.digest);
        let sent = remote
            .client
            .push_blob_stream(&target, content, &layer.digest.to_string(), Some(layer.size))
            .await;
        sent.map_err(|error| remote.error(error, Operation::Push))?;
        progress.part(id, Status::Pushed);
        Ok(())
    }
}

async fn has_blob(remote: &Remote, digest: &Digest) -> Result<bool, RegistryError> {
    let found = remote.client.blob_exists(&remote.by_digest(digest), &digest.to_string()).await;
    found.map_err(|error| remote.error(error, Operation::Push))
}

/// Asks the registry to take the blob from another of its repositories; answers which one it took.
async fn mount(remote: &Remote, digest: &Digest, known: &[Reference]) -> Option<String> {
    for source in known {
        let from = oci_client::Reference::with_digest(
            remote.endpoint.host.clone(),
            source.path().to_owned(),
            digest.to_string(),
        );
        // Any refusal means that the blob has to be sent.
        if remote.client.mount_blob(&remote.by_digest(digest), &from, &digest.to_string()).await.is_ok() {
            return Some(source.path().to_owned());
        }
    }
    None
}

/// Other repositories of the same registry that have the image.
fn same_registry(reference: &Reference, known: &[String]) -> Vec<Reference> {
    let others = known.iter().filter_map(|name| name.parse::<Reference>().ok());
    others.filter(|other| other.domain() == reference.domain() && other.path() != reference.path()).collect()
}

async fn push_documents(remote: &Remote, export: &Export) -> Result<Pushed, RegistryError> {
    let failed = |error| remote.error(error, Operation::Push);
    let config = &export.manifest.config.digest;
    if !has_blob(remote, config).await.unwrap_or(false) {
        let target = remote.by_digest(config);
        let bytes = Bytes::from(export.config.clone());
        remote.client.push_blob(&target, bytes, &config.to_string()).await.map_err(failed)?;
    }
    let media_type = export.manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST);
    let content_type = media_type
        .parse()
        .map_err(|_| failed(OciDistributionError::UnsupportedMediaTypeError(media_type.to_owned())))?;
    let bytes = Bytes::from(export.manifest_bytes.clone());
    remote.client.push_manifest_raw(&remote.by_tag(), bytes, content_type).await.map_err(failed)?;
    Ok(Pushed { digest: Digest::of(&export.manifest_bytes), size: export.manifest_bytes.len() as u64 })
}

/// The file's chunks, read on the blocking pool, with progress.
fn counted(
    file: File,
    id: String,
    total: u64,
    progress: ProgressSink,
) -> impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static {
    let chunks = stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            file.read(&mut chunk).map(|count| {
                chunk.truncate(count);
                (Bytes::from(chunk), file)
            })
        });
        let (chunk, file) = read.await.map_err(std::io::Error::other)??;
        Ok((!chunk.is_empty()).then_some((chunk, file)))
    });
    let mut sent = 0;
    chunks
        .inspect_ok(move |chunk: &Bytes| {
            sent += chunk.len() as u64;
            progress.amount(&id, Status::Pushing, sent, total);
        })
        .map(|chunk| chunk)
}
