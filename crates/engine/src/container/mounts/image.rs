//! Images as mounts: which image, and a look into it (contract 2.4.11).

use super::record::{MountKind, MountRecord};
use crate::core::Core;
use crate::error::Result;
use crate::files::View;

/// Finds the images that are asked for by name. From now on the container uses exactly these.
///
/// # Errors
/// No such image.
pub fn find_images(mounts: &mut [MountRecord], core: &Core) -> Result<()> {
    // Those of another container are known already.
    let unknown = mounts.iter_mut().filter(|mount| mount.kind == MountKind::Image && mount.image.is_empty());
    for mount in unknown {
        mount.image = core.images.find(&mount.source)?.id;
    }
    Ok(())
}

/// A view of the image of this mount, all of it.
///
/// # Errors
/// It cannot be mounted.
pub fn image_view(core: &Core, mount: &MountRecord) -> Result<View> {
    let layers = core.images.get(&mount.image)?.layers;
    View::of_image(&layers, &core.paths.empty(), &core.view_directory())
}
