//! A plain archive of a root filesystem becomes an image with one layer (`docker import`).

use std::io::Read;

use jiff::Timestamp;

use super::changes::apply_change;
use super::error::ArchiveError;
use crate::model::{History, ImageConfig, media_type};
use crate::platform::Platform;
use crate::reference::Reference;
use crate::store::{ArchiveIs, Image, ImageStore};

/// What the new image is to be.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Its name, if any.
    pub tag: Option<Reference>,
    /// Its platform; the host's when absent.
    pub platform: Option<Platform>,
    /// Comment in its history; Docker's `Imported from -` when absent.
    pub message: Option<String>,
    /// Instructions such as `CMD ["sh"]` or `ENV A=b` that set its defaults.
    pub changes: Vec<String>,
}

/// Imports the archive, compressed or not.
///
/// # Errors
/// [`ArchiveError`]; nothing stays in the store then.
pub fn import(
    store: &ImageStore,
    archive: impl Read,
    options: &ImportOptions,
) -> Result<Image, ArchiveError> {
    let platform = options.platform.clone().unwrap_or_else(Platform::host);
    let mut config = ImageConfig::new(&platform);
    for change in &options.changes {
        apply_change(&mut config.config, change)?;
    }
    let layer = store.layer_from_archive(
        archive,
        None,
        ArchiveIs { media_type: media_type::OCI_LAYER, digest: None, below: &[] },
    )?;
    let created = Timestamp::now().to_string();
    let comment = options.message.clone().unwrap_or_else(|| "Imported from -".to_owned());
    config.created = Some(created.clone());
    config.history = vec![History { created: Some(created), comment: Some(comment), ..History::default() }];
    let tags: Vec<Reference> = options.tag.iter().cloned().collect();
    Ok(store.create_image(config, std::slice::from_ref(&layer.id), &tags)?)
}
