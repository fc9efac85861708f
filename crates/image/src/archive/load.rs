//! Reading archives of images: OCI layout first, else Docker's `manifest.json` (contract 7.7.2).
//!
//! The archive is unpacked below the staging directory first, because its files may come in any order and
//! refer to each other; every file is then opened confined to that directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use rustix::fs::OFlags;

use super::error::ArchiveError;
use super::layout::{self, ManifestItem};
use crate::digest::Digest;
use crate::disk::ConfinedDirectory;
use crate::layer::{Deletions, decoder, extract};
use crate::model::{
    Descriptor, Document, DocumentError, ImageConfig, Index, MAX_DOCUMENT_SIZE, Manifest, media_type,
};
use crate::platform::Platform;
use crate::progress::{ProgressSink, Status};
use crate::reference::Reference;
use crate::store::{ArchiveIs, ImageSource, ImageStore, Layer, StoreError};
use crate::tar::TarReader;

/// An image that came out of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its id.
    pub id: Digest,
    /// The names it got; a name that pointed elsewhere has moved.
    pub tags: Vec<Reference>,
}

/// Loads every image of an archive, compressed or not.
///
/// # Errors
/// [`ArchiveError`]; images loaded before the failing one stay, nothing of the failing one does.
pub fn load(
    store: &ImageStore,
    archive: impl Read,
    progress: &ProgressSink,
) -> Result<Vec<Loaded>, ArchiveError> {
    let unpacked = store.stage_layer()?;
    let mut outer = TarReader::new(decoder(archive).map_err(ArchiveError::Unpack)?);
    extract(&mut outer, unpacked.path(), Deletions::Literal).map_err(ArchiveError::Unpack)?;
    outer.drain()?;
    let root = ConfinedDirectory::open(unpacked.path())
        .map_err(|error| ArchiveError::io("open the unpacked archive")(error.into()))?;
    let loader = Loader { store, root, progress };
    let items = loader.manifest_items()?;
    match loader.optional(layout::INDEX_FILE)? {
        Some(index) => loader.load_layout(&index, items.unwrap_or_default()),
        None => loader.load_docker(items.ok_or(ArchiveError::NotAnImage)?),
    }
}

struct Loader<'a> {
    store: &'a ImageStore,
    root: ConfinedDirectory,
    progress: &'a ProgressSink,
}

impl Loader<'_> {
    fn load_layout(&self, index: &[u8], items: Vec<ManifestItem>) -> Result<Vec<Loaded>, ArchiveError> {
        let index = match parse(layout::INDEX_FILE, index)? {
            Document::Index(index) => index,
            Document::Manifest(_) => return Err(ArchiveError::NotAnImage),
        };
        let names = names_by_config(items);
        let mut loaded: Vec<Loaded> = Vec::new();
        for entry in index.manifests.iter().filter(|entry| !entry.is_attestation()) {
            let Some(image) = self.load_entry(entry, &names)? else { continue };
            match loaded.iter_mut().find(|known| known.id == image.id) {
                // The same image under several names has an entry for each.
                Some(known) => {
                    known.tags.extend(image.tags);
                    known.tags.sort();
                    known.tags.dedup();
                }
                None => loaded.push(image),
            }
        }
        loaded.iter().for_each(|image| self.report(image));
        Ok(loaded)
    }

    fn load_entry(
        &self,
        entry: &Descriptor,
        names: &BTreeMap<String, Vec<String>>,
    ) -> Result<Option<Loaded>, ArchiveError> {
        let bytes = self.document(entry)?;
        let mut documents = vec![(entry.digest.clone(), bytes.clone())];
        let manifest = match parse(&layout::blob_path(&entry.digest), &bytes)? {
            Document::Manifest(manifest) => manifest,
            Document::Index(index) => {
                let Some(chosen) = self.choose(&index) else { return Ok(None) };
                let bytes = self.document(chosen)?;
                documents.push((chosen.digest.clone(), bytes.clone()));
                match parse(&layout::blob_path(&chosen.digest), &bytes)? {
                    Document::Manifest(manifest) => manifest,
                    Document::Index(_) => return Err(ArchiveError::NotAnImage),
                }
            }
        };
        let mut tags = annotated_name(entry)?;
        for name in names.get(&layout::blob_path(&manifest.config.digest)).into_iter().flatten() {
            tags.push(reference(name)?);
        }
        tags.sort();
        tags.dedup();
        self.load_manifest(&manifest, documents, tags).map(Some)
    }

    /// The best entry whose manifest is in the archive (contract 7.7.3).
    fn choose<'i>(&self, index: &'i Index) -> Option<&'i Descriptor> {
        let present = |entry: &&Descriptor| {
            self.root.resolve(layout::blob_path(&entry.digest).as_bytes(), OFlags::PATH).is_ok()
        };
        let mut narrowed = index.clone();
        narrowed.manifests.retain(|entry| present(&entry) && !entry.is_attestation());
        let chosen = narrowed.choose(&Platform::host()).or(narrowed.manifests.first())?.digest.clone();
        index.manifests.iter().find(|entry| entry.digest == chosen)
    }

    fn load_manifest(
        &self,
        manifest: &Manifest,
        documents: Vec<(Digest, Vec<u8>)>,
        tags: Vec<Reference>,
    ) -> Result<Loaded, ArchiveError> {
        let config = self.document(&manifest.config)?;
        let paths: Vec<_> = manifest.layers.iter().map(|layer| layout::blob_path(&layer.digest)).collect();
        let sources = paths.iter().zip(&manifest.layers);
        let sources = sources.map(|(path, layer)| {
            (
                path.as_str(),
                ArchiveIs { media_type: &layer.media_type, digest: Some(&layer.digest), below: &[] },
            )
        });
        let layers = self.load_layers(&config, sources.collect())?;
        let first = |documents: &[(Digest, Vec<u8>)]| documents.first().map(|(digest, _)| digest.clone());
        let target = first(&documents).unwrap_or_else(|| manifest.config.digest.clone());
        let own = documents.last().map_or_else(|| target.clone(), |(digest, _)| digest.clone());
        let repository = tags.first().map(Reference::name);
        let source = ImageSource { repository, target, manifest: own, documents };
        let image = self.store.publish_image(&config, Some(source), &tags)?;
        drop(layers);
        Ok(Loaded { id: image.id, tags })
    }

    fn load_docker(&self, items: Vec<ManifestItem>) -> Result<Vec<Loaded>, ArchiveError> {
        let mut loaded = Vec::new();
        for item in items {
            let config = self.required(&item.config)?;
            let layers = item.layers.unwrap_or_default();
            let source =
                |path| (path, ArchiveIs { media_type: media_type::OCI_LAYER, digest: None, below: &[] });
            let layers =
                self.load_layers(&config, layers.iter().map(|path| source(path.as_str())).collect())?;
            let names = item.repo_tags.unwrap_or_default();
            let tags = names.iter().map(|name| reference(name)).collect::<Result<Vec<_>, _>>()?;
            let image = self.store.publish_image(&config, None, &tags)?;
            drop(layers);
            loaded.push(Loaded { id: image.id, tags });
        }
        loaded.iter().for_each(|image| self.report(image));
        Ok(loaded)
    }

    /// Unpacks the layers that are missing. The result keeps all of them alive until the image needs them.
    fn load_layers(
        &self,
        config: &[u8],
        sources: Vec<(&str, ArchiveIs<'_>)>,
    ) -> Result<Vec<Layer>, ArchiveError> {
        let unreadable = |source| ArchiveError::Document {
            path: "config".to_owned(),
            source: DocumentError::Json(source),
        };
        let config: ImageConfig = serde_json::from_slice(config).map_err(unreadable)?;
        let (configured, delivered) = (config.rootfs.diff_ids.len(), sources.len());
        if configured != delivered {
            return Err(StoreError::LayerCount { configured, delivered }.into());
        }
        let ids = &config.rootfs.diff_ids;
        let layers = sources.into_iter().enumerate();
        let load = |(position, (path, archive)): (usize, (&str, ArchiveIs<'_>))| {
            self.load_layer(&ids[position], path, ArchiveIs { below: &ids[..position], ..archive })
        };
        layers.map(load).collect()
    }

    fn load_layer(&self, id: &Digest, path: &str, archive: ArchiveIs<'_>) -> Result<Layer, ArchiveError> {
        if let Some(layer) = self.store.layer(id) {
            return Ok(layer);
        }
        let file = self.open(path)?.ok_or_else(|| ArchiveError::Missing { path: path.to_owned() })?;
        let total = file.metadata().map_err(ArchiveError::io("read the unpacked archive"))?.len();
        let source =
            CountingReader { source: file, current: 0, total, id: id.short(), progress: self.progress };
        Ok(self.store.layer_from_archive(source, Some(id), archive)?)
    }

    fn manifest_items(&self) -> Result<Option<Vec<ManifestItem>>, ArchiveError> {
        let Some(bytes) = self.optional(layout::MANIFEST_FILE)? else { return Ok(None) };
        let path = layout::MANIFEST_FILE.to_owned();
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| ArchiveError::Document { path, source: DocumentError::Json(error) })
    }

    /// A blob with the size and the digest that its descriptor promises.
    fn document(&self, descriptor: &Descriptor) -> Result<Vec<u8>, ArchiveError> {
        let path = layout::blob_path(&descriptor.digest);
        let bytes = self.required(&path)?;
        let right = bytes.len() as u64 == descriptor.size && Digest::of(&bytes) == descriptor.digest;
        if right { Ok(bytes) } else { Err(ArchiveError::Corrupt { path }) }
    }

    fn required(&self, path: &str) -> Result<Vec<u8>, ArchiveError> {
        self.optional(path)?.ok_or_else(|| ArchiveError::Missing { path: path.to_owned() })
    }

    fn optional(&self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(file) = self.open(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let limited = file.take(MAX_DOCUMENT_SIZE + 1).read_to_end(&mut bytes);
        let size = limited.map_err(ArchiveError::io("read the unpacked archive"))? as u64;
        if size > MAX_DOCUMENT_SIZE {
            return Err(ArchiveError::Document {
                path: path.to_owned(),
                source: DocumentError::TooLarge { size },
            });
        }
        Ok(Some(bytes))
    }

    fn open(&self, path: &str) -> Result<Option<File>, ArchiveError> {
        // The archive may contain pipes: opening must not wait.
        match self.root.resolve(path.as_bytes(), OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(opened) => Ok(Some(File::from(opened))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(ArchiveError::io("open a file of the unpacked archive")(error.into())),
        }
    }

    fn report(&self, image: &Loaded) {
        for tag in &image.tags {
            self.progress.overall(Status::LoadedImage { reference: tag.familiar() });
        }
        if image.tags.is_empty() {
            self.progress.overall(Status::LoadedImageId { id: image.id.clone() });
        }
    }
}

/// Tells how much of a layer was read.
struct CountingReader<'a> {
    source: File,
    current: u64,
    total: u64,
    id: &'a str,
    progress: &'a ProgressSink,
}

impl Read for CountingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.current += count as u64;
        self.progress.amount(self.id, Status::LoadingLayer, self.current, self.total);
        Ok(count)
    }
}

fn parse(path: &str, bytes: &[u8]) -> Result<Document, ArchiveError> {
    Document::parse(bytes).map_err(|source| ArchiveError::Document { path: path.to_owned(), source })
}

fn reference(name: &str) -> Result<Reference, ArchiveError> {
    name.parse().map_err(|source| ArchiveError::Name { name: name.to_owned(), source })
}

fn names_by_config(items: Vec<ManifestItem>) -> BTreeMap<String, Vec<String>> {
    items.into_iter().map(|item| (item.config, item.repo_tags.unwrap_or_default())).collect()
}

/// The full name of an index entry. A bare tag, which the OCI annotation may hold, names no repository.
fn annotated_name(entry: &Descriptor) -> Result<Vec<Reference>, ArchiveError> {
    let Some(annotations) = &entry.annotations else { return Ok(Vec::new()) };
    let full = annotations.get(layout::REFERENCE_ANNOTATION).filter(|name| name.contains(['/', ':']));
    let name = annotations.get(layout::NAME_ANNOTATION).or(full);
    name.map(|name| reference(name)).into_iter().collect()
}
