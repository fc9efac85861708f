//! Volumes of a container that is being created: made, and filled from the image (contract 2.1, 2.2).

use std::path::Path;

use wharf_container::fsroot::Root;

use super::record::{MountKind, MountRecord};
use crate::error::Result;
use crate::volume::copy_up::copy_up;
use crate::volume::store::{VolumeRecord, VolumeStore};

/// Makes the volumes that do not exist yet and gives anonymous ones their names. The volumes that were made now are returned,
/// so that a create that fails later can remove them.
///
/// # Errors
/// A volume cannot be made; those made until then are removed again.
pub fn make_volumes(mounts: &mut [MountRecord], store: &VolumeStore) -> Result<Vec<VolumeRecord>> {
    let mut made = Vec::new();
    for mount in mounts.iter_mut().filter(|mount| mount.kind == MountKind::Volume) {
        match make_volume(mount, store) {
            Ok(volume) => made.extend(volume),
            Err(error) => {
                for volume in &made {
                    // The first error is the one to tell.
                    let _ = store.remove(&volume.name);
                }
                return Err(error);
            }
        }
    }
    Ok(made)
}

fn make_volume(mount: &mut MountRecord, store: &VolumeStore) -> Result<Option<VolumeRecord>> {
    if mount.volume.is_empty() {
        let volume = store.create_anonymous(&mount.volume_labels)?;
        mount.volume.clone_from(&volume.name);
        return Ok(Some(volume));
    }
    let (volume, new) = store.create(&mount.volume, &mount.volume_labels, &mount.volume_options)?;
    Ok(new.then_some(volume))
}

/// Whether any mount could take content from the image.
fn takes_copy(mount: &MountRecord) -> bool {
    mount.kind == MountKind::Volume && !mount.no_copy && mount.subpath.is_empty()
}

/// Fills empty volumes with what the image has at their places. `image` opens a view of the image; it is called only when a
/// volume is empty.
///
/// # Errors
/// The view cannot be opened or something cannot be copied.
pub fn fill_volumes(
    mounts: &[MountRecord],
    store: &VolumeStore,
    image: impl FnOnce() -> Result<Option<Root>>,
) -> Result<()> {
    let mut empty = Vec::new();
    for mount in mounts.iter().filter(|mount| takes_copy(mount)) {
        let data = store.prepare(&mount.volume)?;
        if is_empty(&data)? {
            empty.push((mount, data));
        }
    }
    if empty.is_empty() {
        return Ok(());
    }
    let Some(image) = image()? else { return Ok(()) };
    empty.iter().try_for_each(|(mount, data)| copy_up(&image, Path::new(&mount.destination), data))
}

fn is_empty(directory: &Path) -> Result<bool> {
    let mut entries = std::fs::read_dir(directory).map_err(crate::Error::io("read", directory))?;
    Ok(entries.next().is_none())
}
