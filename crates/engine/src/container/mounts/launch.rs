//! User mounts as the container's process makes them.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use wharf_container::spec::{
    BindMount, LayersMount, Mount, MountKind as LaunchKind, MountOptions, Propagation,
};

use super::image::image_view;
use super::record::{MountKind, MountRecord, ReadOnly};
use super::{propagation, tmpfs};
use crate::core::Core;
use crate::error::{Error, Result};

/// The mounts of a start: volumes are made ready, missing host directories are made where the mount asks for it.
///
/// # Errors
/// Docker's text for a missing source; a volume that cannot be mounted.
pub fn launch_mounts(mounts: &[MountRecord], core: &Core) -> Result<Vec<Mount>> {
    mounts.iter().map(|mount| launch_mount(mount, core)).collect()
}

fn launch_mount(mount: &MountRecord, core: &Core) -> Result<Mount> {
    match mount.kind {
        MountKind::Tmpfs => {
            let (tmpfs, options) = tmpfs::parse(&mount.tmpfs)?;
            let read_only = options.read_only || mount.read_only != ReadOnly::No;
            Ok(Mount::new(&mount.destination, LaunchKind::Tmpfs(tmpfs), options.with_read_only(read_only)))
        }
        MountKind::Volume => {
            let source = core.volumes.prepare(&mount.volume)?;
            check_subpath(&source, &mount.subpath)?;
            let mount = MountRecord { propagation: Propagation::Rslave, ..mount.clone() };
            Ok(bind(&mount, source))
        }
        MountKind::Bind => {
            let source = PathBuf::from(&mount.source);
            ensure_source(mount, &source)?;
            propagation::check(&source, mount.propagation)?;
            Ok(bind(mount, source))
        }
        MountKind::Image => image(mount, core),
    }
}

fn image(mount: &MountRecord, core: &Core) -> Result<Mount> {
    if !mount.subpath.is_empty() {
        let view = image_view(core, mount)?;
        view.directory().map_or(Ok(()), |directory| check_subpath(directory, &mount.subpath))?;
    }
    let layers = LayersMount {
        image: mount.source.clone(),
        lower: core.images.get(&mount.image)?.layers,
        empty: core.paths.empty(),
        subpath: subpath(mount),
    };
    let options = MountOptions::none().with_read_only(true);
    Ok(Mount::new(&mount.destination, LaunchKind::Layers(layers), options))
}

fn subpath(mount: &MountRecord) -> Option<PathBuf> {
    Some(&mount.subpath).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Docker's texts for a subpath that cannot be used (contract 2.4.9). What holds is how the container's process opens it.
fn check_subpath(data: &Path, subpath: &str) -> Result<()> {
    let (path, shown) = (data.join(subpath), data.display());
    let place = path.display();
    match path.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::BadParameter(format!(
            "cannot access path {place}: lstat {place}: no such file or directory"
        ))),
        Ok(found) if !data.canonicalize().is_ok_and(|data| found.starts_with(data)) => {
            let text = "path concatenation escapes the base directory";
            Err(Error::BadParameter(format!("{text}, base: {shown}, subpath: {subpath}")))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn bind(mount: &MountRecord, source: PathBuf) -> Mount {
    let bind = BindMount {
        source,
        subpath: subpath(mount),
        recursive: !mount.not_recursive,
        propagation: mount.propagation,
    };
    let options = MountOptions {
        read_only: mount.read_only != ReadOnly::No,
        read_only_recursive: mount.read_only == ReadOnly::Recursive,
        ..MountOptions::none()
    };
    Mount::new(&mount.destination, LaunchKind::Bind(bind), options)
}

fn ensure_source(mount: &MountRecord, source: &Path) -> Result<()> {
    if source.exists() {
        return Ok(());
    }
    if !mount.create_source {
        let text = format!("bind source path does not exist: {}", mount.source);
        return Err(Error::BadParameter(format!("invalid mount config for type \"bind\": {text}")));
    }
    let made = DirBuilder::new().recursive(true).mode(0o755).create(source);
    made.map_err(Error::io("make the mount source", source))
}

/// Refuses binds whose source is missing and not to be made, before anything else is (contract 2.4.1).
///
/// # Errors
/// Docker's text.
pub fn check_sources(mounts: &[MountRecord]) -> Result<()> {
    let binds = mounts.iter().filter(|mount| mount.kind == MountKind::Bind && !mount.create_source);
    binds.into_iter().try_for_each(|mount| ensure_source(mount, Path::new(&mount.source)))
}
