//! Writing archives of images: an OCI layout with Docker's `manifest.json` beside it (contract 7.7.1).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde_json::{Map, json};

use super::error::ArchiveError;
use super::layout::{self, ManifestItem};
use crate::digest::Digest;
use crate::model::{Descriptor, Index, media_type};
use crate::reference::Reference;
use crate::store::{Export, Image, ImageStore, LayerForm};
use crate::tar::{Entry, Kind, TarWriter};

/// Writes the named images to `sink`. A name without tag stands for all tags of its repository; an id for the
/// image without a name.
///
/// # Errors
/// [`ArchiveError`]; the stream is then incomplete and has no end marker.
pub fn save<W: Write>(store: &ImageStore, names: &[String], sink: W) -> Result<W, ArchiveError> {
    let mut saver = Saver { store, writer: TarWriter::new(sink), written: BTreeSet::new() };
    let mut entries = Vec::new();
    let mut items = Vec::new();
    for (image, tags) in selected(store, names)?.into_values() {
        let export = store.export(&image, None, LayerForm::Plain)?;
        saver.contents(&export)?;
        entries.extend(index_entries(&export, &image, &tags));
        items.push(manifest_item(&export, &tags));
    }
    saver.documents(entries, &items)?;
    saver.writer.finish().map_err(ArchiveError::io("write the image archive"))
}

struct Saver<'a, W> {
    store: &'a ImageStore,
    writer: TarWriter<W>,
    written: BTreeSet<Digest>,
}

type Selection = BTreeMap<Digest, (Image, Vec<Reference>)>;

fn selected(store: &ImageStore, names: &[String]) -> Result<Selection, ArchiveError> {
    let mut selection = Selection::new();
    let mut add = |image: Image, tag: Option<Reference>| {
        let (_, tags) = selection.entry(image.id.clone()).or_insert_with(|| (image, Vec::new()));
        tags.extend(tag.filter(|tag| !tags.contains(tag)));
    };
    for name in names {
        let repository = whole_repository(name);
        let of_repository = |tag: &Reference| repository.as_ref().is_some_and(|name| *name == tag.name());
        let mut found = false;
        for image in if repository.is_some() { store.list()? } else { Vec::new() } {
            for tag in image.tags.iter().filter(|tag| of_repository(tag)) {
                found = true;
                add(image.clone(), Some(tag.clone()));
            }
        }
        if !found {
            let image = store.resolve(name)?;
            let tag = name.parse().ok().filter(|tag| image.tags.contains(tag));
            add(image, tag);
        }
    }
    Ok(selection)
}

/// The full repository name when `name` has neither tag nor digest.
fn whole_repository(name: &str) -> Option<String> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let bare = !last.contains(':') && !name.contains('@');
    bare.then(|| name.parse::<Reference>().ok().map(|reference| reference.name())).flatten()
}

impl<W: Write> Saver<'_, W> {
    fn contents(&mut self, export: &Export) -> Result<(), ArchiveError> {
        self.blob(&export.manifest.config.digest, &export.config)?;
        self.blob(&Digest::of(&export.manifest_bytes), &export.manifest_bytes)?;
        for (id, descriptor) in export.layers.iter().zip(&export.manifest.layers) {
            if media_type::is_foreign_layer(&descriptor.media_type)
                || !self.written.insert(descriptor.digest.clone())
            {
                continue;
            }
            self.layer(id, descriptor)?;
        }
        Ok(())
    }

    /// The content goes through a pipe, because the archive writer reads and the store writes.
    fn layer(&mut self, id: &Digest, descriptor: &Descriptor) -> Result<(), ArchiveError> {
        let entry = file(&layout::blob_path(&descriptor.digest), descriptor.size);
        let store = self.store;
        let (reader, writer) = io::pipe().map_err(ArchiveError::io("make a pipe"))?;
        std::thread::scope(|scope| {
            let producer = scope.spawn(move || store.write_layer(id, descriptor, writer));
            let appended = self.writer.append(&entry, reader);
            // A failing producer ends the pipe early; its error says why.
            match producer.join() {
                Ok(Err(error)) if appended.is_err() => return Err(error.into()),
                Ok(_) => {}
                Err(panic) => std::panic::resume_unwind(panic),
            }
            appended.map_err(ArchiveError::io("write the image archive"))
        })
    }

    fn blob(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), ArchiveError> {
        if !self.written.insert(digest.clone()) {
            return Ok(());
        }
        self.file(&layout::blob_path(digest), bytes)
    }

    fn documents(&mut self, manifests: Vec<Descriptor>, items: &[ManifestItem]) -> Result<(), ArchiveError> {
        let index = Index {
            schema_version: 2,
            media_type: Some(media_type::OCI_INDEX.to_owned()),
            manifests,
            other: Map::new(),
        };
        self.file(layout::INDEX_FILE, &json_bytes(&json!(index)))?;
        self.file(layout::MANIFEST_FILE, &json_bytes(&json!(items)))?;
        self.file(layout::LAYOUT_FILE, layout::LAYOUT_VERSION.as_bytes())
    }

    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let entry = file(path, bytes.len() as u64);
        self.writer.append(&entry, bytes).map_err(ArchiveError::io("write the image archive"))
    }
}

fn json_bytes(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn file(path: &str, size: u64) -> Entry {
    let mut entry = Entry::new(Kind::Regular, path);
    entry.mode = 0o644;
    entry.size = size;
    entry
}

/// One entry for each name, because an entry can carry only one.
fn index_entries(export: &Export, image: &Image, tags: &[Reference]) -> Vec<Descriptor> {
    let media_type = export.manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST);
    let mut entry = Descriptor::of(media_type, &export.manifest_bytes);
    entry.platform = Some(image.config.platform());
    if tags.is_empty() {
        return vec![entry];
    }
    let named = |tag: &Reference| {
        let names = [
            (layout::NAME_ANNOTATION.to_owned(), tag.to_string()),
            (layout::REFERENCE_ANNOTATION.to_owned(), tag.tag().unwrap_or_default().to_owned()),
        ];
        Descriptor { annotations: Some(names.into()), ..entry.clone() }
    };
    tags.iter().map(named).collect()
}

fn manifest_item(export: &Export, tags: &[Reference]) -> ManifestItem {
    let kept = |layer: &&Descriptor| !media_type::is_foreign_layer(&layer.media_type);
    ManifestItem {
        config: layout::blob_path(&export.manifest.config.digest),
        repo_tags: Some(tags.iter().map(Reference::familiar).collect()),
        layers: Some(
            export
                .manifest
                .layers
                .iter()
                .filter(kept)
                .map(|layer| layout::blob_path(&layer.digest))
                .collect(),
        ),
    }
}
