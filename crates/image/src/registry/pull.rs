//! Pulling: name → index → manifest → configuration → layers, in parallel → image.

use futures::{StreamExt, TryStreamExt, stream};

use super::Registry;
use super::credentials::Credentials;
use super::download::download;
use super::error::RegistryError;
use super::remote::Remote;
use crate::digest::Digest;
use crate::model::{Descriptor, Document, DocumentError, ImageConfig, Manifest, media_type};
use crate::platform::Platform;
use crate::progress::{ProgressSink, Status};
use crate::reference::Reference;
use crate::store::{Image, ImageSource, Layer, StoreError};

/// Layers of one image on their way at the same time (contract 7.5.8).
const PARALLEL_LAYERS: usize = 3;

/// How to pull.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// The platform wanted; the host's when absent.
    pub platform: Option<Platform>,
    /// Who we are.
    pub credentials: Credentials,
}

/// What a pull did.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The image.
    pub image: Image,
    /// What the name refers to in the registry: an index or a manifest.
    pub digest: Digest,
    /// False when everything was here and the tag pointed here already.
    pub changed: bool,
}

/// The documents that lead to an image.
struct Resolved {
    remote: Remote,
    target: Digest,
    manifest_digest: Digest,
    manifest: Manifest,
    documents: Vec<(Digest, Vec<u8>)>,
}

impl Registry {
    /// Pulls an image and tags it. Nothing becomes visible before it is verified; when it fails, layers that
    /// were complete stay until the store is collected, so that a second attempt is shorter.
    ///
    /// # Errors
    /// [`RegistryError`]. With mirrors, the error of the registry itself, unless it could not be reached and a mirror
    /// gave a definite answer.
    pub async fn pull(
        &self,
        reference: &Reference,
        options: &PullOptions,
        progress: &ProgressSink,
    ) -> Result<Pulled, RegistryError> {
        let platform = options.platform.clone().unwrap_or_else(Platform::host);
        let resolve = |remote| resolve_at(remote, reference, &platform);
        let resolved = self.at_endpoints(reference, &options.credentials, resolve).await?;
        let label = reference
            .digest()
            .map_or_else(|| reference.tag().unwrap_or_default().to_owned(), Digest::to_string);
        progress.part(&label, Status::PullingFrom { repository: reference.path().to_owned() });
        let name = reference.to_string();
        let before = self.blocking(move |store| Ok(store.resolve(&name).ok())).await?;
        let (image, new) = self.fetch(reference, &resolved, progress).await?;
        let changed = new || before.is_none_or(|before| before.id != image.id);
        progress.overall(Status::Digest(resolved.target.clone()));
        let name = reference.familiar();
        progress.overall(match changed {
            true => Status::DownloadedNewer { reference: name },
            false => Status::UpToDate { reference: name },
        });
        Ok(Pulled { image, digest: resolved.target, changed })
    }

    /// Brings the image into the store. Also says whether anything of it was new.
    async fn fetch(
        &self,
        reference: &Reference,
        resolved: &Resolved,
        progress: &ProgressSink,
    ) -> Result<(Image, bool), RegistryError> {
        let config_bytes = self.config_bytes(resolved).await?;
        let config = parse_config(reference, &config_bytes)?;
        let layers = paired_layers(reference, &resolved.manifest, &config)?;
        let (layers, downloaded) = self.fetch_layers(resolved, layers, progress).await?;
        let source = ImageSource {
            repository: Some(reference.name()),
            target: resolved.target.clone(),
            manifest: resolved.manifest_digest.clone(),
            documents: resolved.documents.clone(),
        };
        let tags: Vec<Reference> =
            if reference.digest().is_none() { vec![reference.clone()] } else { Vec::new() };
        let image =
            self.blocking(move |store| store.publish_image(&config_bytes, Some(source), &tags)).await?;
        drop(layers);
        Ok((image, downloaded))
    }

    async fn config_bytes(&self, resolved: &Resolved) -> Result<Vec<u8>, RegistryError> {
        let digest = resolved.manifest.config.digest.clone();
        match self.blocking(move |store| store.read_document(&digest)).await {
            Err(RegistryError::Store(StoreError::NoSuchBlob { .. })) => {
                resolved.remote.small_blob(&resolved.manifest.config).await
            }
            other => other,
        }
    }

    /// All layers, kept alive by their handles, and whether any had to be downloaded.
    async fn fetch_layers(
        &self,
        resolved: &Resolved,
        layers: Vec<(Descriptor, Digest)>,
        progress: &ProgressSink,
    ) -> Result<(Vec<Layer>, bool), RegistryError> {
        for (descriptor, diff_id) in &layers {
            let here = self.store().layer(diff_id).is_some();
            let status = if here { Status::AlreadyExists } else { Status::PullingLayer };
            progress.part(descriptor.digest.short(), status);
        }
        let fetches = layers.clone().into_iter().map(|(descriptor, diff_id)| async move {
            match self.fetch_layer(&resolved.remote, &descriptor, &diff_id, &[], progress).await {
                Err(error) if error.needs_layers_below() => Ok(None),
                other => other.map(Some),
            }
        });
        let fetched: Vec<Option<(Layer, bool)>> =
            stream::iter(fetches).buffered(PARALLEL_LAYERS).try_collect().await?;
        self.fetch_linked_layers(resolved, &layers, fetched, progress).await
    }

    /// Layers with hard links into those below can only be unpacked when these are here: once more, in order.
    async fn fetch_linked_layers(
        &self,
        resolved: &Resolved,
        layers: &[(Descriptor, Digest)],
        fetched: Vec<Option<(Layer, bool)>>,
        progress: &ProgressSink,
    ) -> Result<(Vec<Layer>, bool), RegistryError> {
        let ids: Vec<Digest> = layers.iter().map(|(_, diff_id)| diff_id.clone()).collect();
        let mut complete = Vec::with_capacity(layers.len());
        let mut downloaded = false;
        for (position, fetched) in fetched.into_iter().enumerate() {
            let (descriptor, diff_id) = &layers[position];
            let (layer, new) = match fetched {
                Some(fetched) => fetched,
                None => {
                    self.fetch_layer(&resolved.remote, descriptor, diff_id, &ids[..position], progress)
                        .await?
                }
            };
            downloaded |= new;
            complete.push(layer);
        }
        Ok((complete, downloaded))
    }

    async fn fetch_layer(
        &self,
        remote: &Remote,
        descriptor: &Descriptor,
        diff_id: &Digest,
        below: &[Digest],
        progress: &ProgressSink,
    ) -> Result<(Layer, bool), RegistryError> {
        if let Some(layer) = self.store().layer(diff_id) {
            return Ok((layer, false));
        }
        let flight = self.flight(diff_id);
        let _flying = flight.lock().await;
        if let Some(layer) = self.store().layer(diff_id) {
            progress.part(descriptor.digest.short(), Status::PullComplete);
            return Ok((layer, true));
        }
        let layer = download(remote, self.store(), descriptor, diff_id, below, progress).await?;
        Ok((layer, true))
    }
}

async fn resolve_at(
    remote: Remote,
    reference: &Reference,
    platform: &Platform,
) -> Result<Resolved, RegistryError> {
    let bytes = remote.document(None).await?;
    let target = match reference.digest() {
        Some(digest) => digest.clone(),
        None => Digest::of(&bytes),
    };
    let index = match parse(reference, &bytes)? {
        Document::Manifest(manifest) => {
            let documents = vec![(target.clone(), bytes)];
            return Ok(Resolved { remote, manifest_digest: target.clone(), target, manifest, documents });
        }
        Document::Index(index) => index,
    };
    let no_platform = || RegistryError::NoPlatform { platform: platform.clone() };
    let chosen = index.choose(platform).ok_or_else(no_platform)?;
    let manifest_bytes = remote.document(Some(&chosen.digest)).await?;
    let Document::Manifest(manifest) = parse(reference, &manifest_bytes)? else {
        return Err(RegistryError::Document {
            reference: reference.familiar(),
            source: DocumentError::Unknown,
        });
    };
    let manifest_digest = chosen.digest.clone();
    let documents = vec![(target.clone(), bytes), (manifest_digest.clone(), manifest_bytes)];
    Ok(Resolved { remote, target, manifest_digest, manifest, documents })
}

pub(super) fn parse(reference: &Reference, bytes: &[u8]) -> Result<Document, RegistryError> {
    Document::parse(bytes)
        .map_err(|source| RegistryError::Document { reference: reference.familiar(), source })
}

fn parse_config(reference: &Reference, bytes: &[u8]) -> Result<ImageConfig, RegistryError> {
    let unusable = |source| RegistryError::Document {
        reference: reference.familiar(),
        source: DocumentError::Json(source),
    };
    serde_json::from_slice(bytes).map_err(unusable)
}

/// Each layer with its diff id.
fn paired_layers(
    reference: &Reference,
    manifest: &Manifest,
    config: &ImageConfig,
) -> Result<Vec<(Descriptor, Digest)>, RegistryError> {
    if let Some(other) = manifest.layers.iter().find(|layer| !media_type::is_layer(&layer.media_type)) {
        let (reference, media_type) = (reference.familiar(), other.media_type.clone());
        return Err(RegistryError::NoImage { reference, media_type });
    }
    let (configured, delivered) = (config.rootfs.diff_ids.len(), manifest.layers.len());
    if configured != delivered {
        return Err(StoreError::LayerCount { configured, delivered }.into());
    }
    Ok(manifest.layers.iter().cloned().zip(config.rootfs.diff_ids.iter().cloned()).collect())
}
