//! The documents and layer contents with which an image leaves the store.

use std::io::{self, Write};

use serde_json::Map;

use super::error::StoreError;
use super::layers::LayerId;
use super::{BlobRecord, Image, ImageStore};
use crate::digest::Digest;
use crate::layer::{HashingWriter, gzip_encoder, pack};
use crate::model::{Descriptor, Manifest, media_type};

/// In which form layers that have no blob leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerForm {
    /// As their archive, made on the way out.
    Plain,
    /// Compressed; the blob is kept, so that the next time gives the same bytes.
    Compressed,
}

/// An image on its way out.
pub(crate) struct Export {
    pub(crate) config: Vec<u8>,
    pub(crate) manifest: Manifest,
    /// The manifest's exact bytes.
    pub(crate) manifest_bytes: Vec<u8>,
    /// Diff ids, lowest first, matching the manifest's layers.
    pub(crate) layers: Vec<LayerId>,
}

impl ImageStore {
    /// Collects what is needed to send an image away. The manifest it came with is used when its layers are
    /// still here, so that digests stay what they were.
    pub(crate) fn export(
        &self,
        image: &Image,
        repository: Option<&str>,
        form: LayerForm,
    ) -> Result<Export, StoreError> {
        let config = self.read_document(&image.id)?;
        let layers = image.layers.clone();
        if let Some((manifest, manifest_bytes)) = self.original_manifest(image, repository)? {
            return Ok(Export { config, manifest, manifest_bytes, layers });
        }
        let descriptors =
            layers.iter().map(|layer| self.descriptor(layer, form)).collect::<Result<_, _>>()?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::OCI_MANIFEST.to_owned()),
            config: Descriptor::of(media_type::OCI_CONFIG, &config),
            layers: descriptors,
            other: Map::new(),
        };
        let write = |source| StoreError::State { path: self.paths().images(), source };
        let manifest_bytes = serde_json::to_vec(&manifest).map_err(write)?;
        Ok(Export { config, manifest, manifest_bytes, layers })
    }

    /// Writes a layer as `descriptor` describes it.
    pub(crate) fn write_layer(
        &self,
        id: &LayerId,
        descriptor: &Descriptor,
        mut sink: impl Write,
    ) -> Result<(), StoreError> {
        if self.layer_blobs(id).iter().any(|blob| blob.digest == descriptor.digest) {
            let copied = self.copy_blob(&descriptor.digest, &mut sink);
            return copied.map(drop).map_err(StoreError::io("copy", &self.paths().blob(&descriptor.digest)));
        }
        let layer = self.layer(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
        pack(&layer.path, &mut sink).map(drop).map_err(StoreError::layer(id))
    }

    fn original_manifest(
        &self,
        image: &Image,
        repository: Option<&str>,
    ) -> Result<Option<(Manifest, Vec<u8>)>, StoreError> {
        let Some(digest) = self.manifest_of(&image.id, repository) else { return Ok(None) };
        let manifest = self.read_manifest(&digest)?;
        let here = |(descriptor, layer): (&Descriptor, &LayerId)| {
            media_type::is_foreign_layer(&descriptor.media_type)
                || self.layer_blobs(layer).iter().any(|blob| blob.digest == descriptor.digest)
        };
        let complete = manifest.layers.len() == image.layers.len()
            && manifest.layers.iter().zip(&image.layers).all(here);
        if !complete {
            return Ok(None);
        }
        Ok(Some((manifest, self.read_document(&digest)?)))
    }

    fn descriptor(&self, layer: &LayerId, form: LayerForm) -> Result<Descriptor, StoreError> {
        let blobs = self.layer_blobs(layer);
        let compressed = blobs.iter().find(|blob| blob.digest != *layer);
        if let Some(blob) = compressed.or(blobs.first().filter(|_| form == LayerForm::Plain)) {
            return Ok(Descriptor::new(&blob.media_type, blob.digest.clone(), blob.size));
        }
        match (form, self.packed_size(layer)) {
            (LayerForm::Plain, Some(size)) => Ok(Descriptor::new(media_type::OCI_LAYER, layer.clone(), size)),
            _ => self.compress_layer(layer),
        }
    }

    fn compress_layer(&self, id: &LayerId) -> Result<Descriptor, StoreError> {
        let (staged, file) = self.stage_blob()?;
        let mut sink = gzip_encoder(HashingWriter::new(file));
        let plain = self.layer_blobs(id).into_iter().find(|blob| blob.digest == *id);
        let written = match plain {
            Some(blob) => self.copy_blob(&blob.digest, &mut sink).map(drop),
            None => self.pack_checked(id, &mut sink)?,
        };
        let finished = written.and_then(|()| sink.finish());
        let (_, digest, size) =
            finished.map_err(StoreError::io("compress", &self.paths().staging()))?.finish();
        let record = BlobRecord { media_type: media_type::OCI_LAYER_GZIP.to_owned(), digest, size };
        self.publish_layer_blob(id, staged, record.clone())?;
        Ok(Descriptor::new(&record.media_type, record.digest, record.size))
    }

    /// Packs a layer and makes sure that the result is the layer.
    fn pack_checked(&self, id: &LayerId, sink: impl Write) -> Result<io::Result<()>, StoreError> {
        let layer = self.layer(id).ok_or_else(|| StoreError::NoSuchLayer { id: id.clone() })?;
        let (hashed, _) = pack(&layer.path, HashingWriter::new(sink)).map_err(StoreError::layer(id))?;
        let (_, actual, _): (_, Digest, _) = hashed.finish();
        if actual == *id {
            return Ok(Ok(()));
        }
        let source = crate::layer::LayerError::Digest { expected: id.clone(), actual };
        Err(StoreError::Layer { layer: id.to_string(), source })
    }
}
