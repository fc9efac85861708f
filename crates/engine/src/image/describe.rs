//! Images in the shapes of the API.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wharf_image::store::{Image, LayerId};
use wharf_image::{History, Reference};

use crate::core::Core;
use crate::error::{Error, Result};
use crate::model::image::{ImageHistory, ImageInspect, ImageMetadata, ImageSummary, RootFs};
use crate::model::inspect::GraphDriver;
use crate::names::api_time;

/// What stands for a number that was not asked for.
const NOT_COUNTED: i64 = -1;

/// One entry of a list. `all` images are given when the size shared with others is asked for.
pub fn summary(core: &Core, image: &Image, all: Option<&[Image]>) -> ImageSummary {
    let labels = &image.config.config.labels;
    ImageSummary {
        containers: users(core, image),
        created: image.created.map_or(0, |time| time.as_second()),
        id: image.id.to_string(),
        labels: (!labels.is_empty()).then(|| labels.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
        parent_id: String::new(),
        repo_digests: familiar(&image.digests),
        repo_tags: familiar(&image.tags),
        shared_size: all.map_or(NOT_COUNTED, |all| shared_size(core, image, all)),
        size: signed(image.size),
    }
}

fn users(core: &Core, image: &Image) -> i64 {
    let id = image.id.to_string();
    let count = core.containers.all().iter().filter(|container| container.record().image_id == id).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Bytes of the layers that another image has too.
fn shared_size(core: &Core, image: &Image, all: &[Image]) -> i64 {
    let others: BTreeSet<&LayerId> =
        all.iter().filter(|other| other.id != image.id).flat_map(|other| &other.layers).collect();
    let shared = image.layers.iter().filter(|layer| others.contains(layer));
    signed(shared.map(|layer| layer_size(core, layer)).sum())
}

/// Bytes of the files of a layer.
pub fn layer_size(core: &Core, layer: &LayerId) -> u64 {
    core.images.store().layer(layer).map_or(0, |layer| layer.size)
}

/// Everything about one.
///
/// # Errors
/// Its layers are not there, or its configuration cannot be written as JSON.
pub fn inspect(core: &Core, image: &Image) -> Result<ImageInspect> {
    let config = &image.config;
    Ok(ImageInspect {
        id: image.id.to_string(),
        repo_tags: familiar(&image.tags),
        repo_digests: familiar(&image.digests),
        parent: String::new(),
        comment: config.history.last().and_then(|last| last.comment.clone()).unwrap_or_default(),
        created: config.created.clone().unwrap_or_default(),
        docker_version: text(config.other.get("docker_version")),
        author: config.author.clone().unwrap_or_default(),
        config: shown_config(image)?,
        architecture: config.architecture.clone(),
        variant: config.variant.clone().unwrap_or_default(),
        os: config.os.clone(),
        size: signed(image.size),
        graph_driver: graph_driver(core, image)?,
        root_fs: RootFs {
            kind: "layers".to_owned(),
            layers: image.layers.iter().map(ToString::to_string).collect(),
        },
        metadata: ImageMetadata { last_tag_time: api_time(Some(image.tagged)) },
    })
}

/// The configuration with the members that are always there, in Docker's order; what the image does not say is null or empty.
fn shown_config(image: &Image) -> Result<Value> {
    let failed = |error| Error::Internal(format!("cannot write the configuration of {}: {error}", image.id));
    let own = serde_json::to_value(&image.config.config).map_err(failed)?;
    let mut shown = json!({
        "User": "", "Env": null, "Cmd": null, "Volumes": null, "WorkingDir": "", "Entrypoint": null,
        "OnBuild": null, "Labels": null,
    });
    if let (Value::Object(shown), Value::Object(own)) = (&mut shown, own) {
        shown.extend(own);
    }
    Ok(shown)
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The topmost layer as the upper directory, as Docker shows an image.
fn graph_driver(core: &Core, image: &Image) -> Result<GraphDriver> {
    let directories = core.images.layer_directories(image)?;
    let shown: Vec<String> = directories.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut driver = GraphDriver { name: "overlay2".to_owned(), ..GraphDriver::default() };
    if let Some((upper, lower)) = shown.split_first() {
        if !lower.is_empty() {
            driver.data.insert("LowerDir".to_owned(), lower.join(":"));
        }
        driver.data.insert("UpperDir".to_owned(), upper.clone());
    }
    Ok(driver)
}

/// One entry per instruction, newest first. Only the newest has an id: there are no intermediate images.
pub fn history(core: &Core, image: &Image) -> Vec<ImageHistory> {
    let mut layers = image.layers.iter();
    let mut entries: Vec<ImageHistory> = image
        .config
        .history
        .iter()
        .map(|entry| {
            let layer = if entry.empty_layer { None } else { layers.next() };
            history_entry(entry, layer.map_or(0, |layer| layer_size(core, layer)))
        })
        .collect();
    entries.reverse();
    if let Some(newest) = entries.first_mut() {
        newest.id = image.id.to_string();
        newest.tags = Some(familiar(&image.tags)).filter(|tags| !tags.is_empty());
    }
    entries
}

fn history_entry(entry: &History, size: u64) -> ImageHistory {
    let created = entry.created.as_deref().and_then(|time| time.parse::<jiff::Timestamp>().ok());
    ImageHistory {
        id: "<missing>".to_owned(),
        created: created.map_or(0, |time| time.as_second()),
        created_by: entry.created_by.clone().unwrap_or_default(),
        tags: None,
        size: signed(size),
        comment: entry.comment.clone().unwrap_or_default(),
    }
}

fn familiar(references: &[Reference]) -> Vec<String> {
    references.iter().map(Reference::familiar).collect()
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
