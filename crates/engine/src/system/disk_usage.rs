//! `/system/df`.

use std::collections::BTreeSet;
use std::sync::Arc;

use wharf_image::store::LayerId;

use crate::container::{Containers, ListOptions};
use crate::core::{Core, blocking};
use crate::disk;
use crate::error::Result;
use crate::filters::Filters;
use crate::image::Images;
use crate::model::system::DiskUsage;
use crate::model::volume::{UsageData, Volume};
use crate::volume::Volumes;

/// Sizes of everything.
///
/// # Errors
/// A part of the state cannot be read.
pub async fn disk_usage(core: &Arc<Core>) -> Result<DiskUsage> {
    let images = Images::new(core.clone()).list(Filters::default(), true).await?;
    let listed = ListOptions { all: true, size: true, ..ListOptions::default() };
    let containers = Containers::new(core.clone()).list(listed).await?;
    let volumes = Volumes::new(core.clone()).list(Filters::default()).await?.volumes;
    Ok(DiskUsage {
        layers_size: layers_size(core)?,
        images,
        containers,
        volumes: measured(core, volumes).await?,
        build_cache: Vec::new(),
    })
}

/// Every layer counts once.
fn layers_size(core: &Core) -> Result<u64> {
    let images = core.images.images()?;
    let layers: BTreeSet<&LayerId> = images.iter().flat_map(|image| &image.layers).collect();
    Ok(layers.into_iter().map(|layer| core.images.store().layer(layer).map_or(0, |layer| layer.size)).sum())
}

async fn measured(core: &Arc<Core>, volumes: Vec<Volume>) -> Result<Vec<Volume>> {
    let core = core.clone();
    blocking(move || Ok(volumes.into_iter().map(|volume| with_usage(&core, volume)).collect())).await
}

fn with_usage(core: &Core, mut volume: Volume) -> Volume {
    let size = disk::usage(&core.volumes.data(&volume.name));
    let users = core.containers.users_of_volume(&volume.name).len();
    volume.usage_data = Some(UsageData {
        ref_count: i64::try_from(users).unwrap_or(i64::MAX),
        size: i64::try_from(size).unwrap_or(i64::MAX),
    });
    volume
}
