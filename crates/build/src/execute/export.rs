//! From the last stage's result to an image. An image whose every step came from the cache is the image that
//! was made before: its times are those of the first time, so its id is the same.

use jiff::Timestamp;
use wharf_image::store::Image;
use wharf_image::{ImageConfig, Reference};

use super::{Shared, StageResult};
use crate::cache::key::KeyBuilder;
use crate::cache::records::ImageRecord;
use crate::error::BuildError;

/// Makes the image and tags it. `created` is the time to write into it instead of now. Blocks.
pub(crate) fn export(
    shared: &Shared,
    mut config: ImageConfig,
    result: &StageResult,
    tags: &[Reference],
    created: Option<Timestamp>,
) -> Result<Image, BuildError> {
    config.history.clone_from(&result.history);
    config.created = created.map(|time| time.to_string());
    let layers = result.layers.ids();
    config.rootfs.diff_ids.clone_from(&layers);
    let key = key(&config)?;
    if let Some(image) = known(shared, &key) {
        for tag in tags {
            shared.store.tag(&image.id, tag).map_err(BuildError::Store)?;
        }
        return shared.store.image(&image.id).map_err(BuildError::Store);
    }
    set_times(&mut config);
    let image = shared.store.create_image(config, &layers, tags).map_err(BuildError::Store)?;
    shared.cache.images.store(&key, &ImageRecord { image: image.id.clone() })?;
    Ok(image)
}

fn known(shared: &Shared, key: &str) -> Option<Image> {
    let record: ImageRecord = shared.cache.images.find(key)?;
    shared.store.image(&record.image).ok()
}

/// Everything about the image but the times that are still to be set.
fn key(config: &ImageConfig) -> Result<String, BuildError> {
    let bytes = config.to_bytes().map_err(|error| {
        BuildError::Request(format!("the image configuration cannot be written: {error}"))
    })?;
    Ok(KeyBuilder::new("image").field("config", &String::from_utf8_lossy(&bytes)).finish())
}

fn set_times(config: &mut ImageConfig) {
    let created = config.created.get_or_insert_with(|| Timestamp::now().to_string()).clone();
    for entry in &mut config.history {
        entry.created.get_or_insert_with(|| created.clone());
    }
}
