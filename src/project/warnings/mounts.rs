//! A file that is to be mounted and is not there: a directory appears in its place.

use std::path::Path;

use crate::project::diagnostic::Diagnostic;
use crate::project::model::{Mount, MountKind, Project};

pub fn check(project: &Project, warnings: &mut Vec<Diagnostic>) {
    let mounts = project.services.values().flat_map(|service| &service.volumes);
    for mount in mounts.filter(|mount| mount.kind == MountKind::Bind && is_missing_file(mount)) {
        let message = format!(
            "{:?} does not exist; a directory will be made there and mounted at {:?}",
            mount.source, mount.target
        );
        let help = "create the file first, or correct the path";
        warnings.push(Diagnostic::warning("missing-bind-source", mount.span, message).with_help(help));
    }
}

/// Both ends look like one file, and nothing stands at the source. Sockets come and go, so they do not count.
fn is_missing_file(mount: &Mount) -> bool {
    let creates = mount.bind.as_ref().is_none_or(|bind| bind.create_host_path != Some(false));
    let (source, target) = (Path::new(&mount.source), Path::new(&mount.target));
    let Some(extension) = source.extension() else { return false };
    creates
        && source.is_absolute()
        && target.extension() == Some(extension)
        && !matches!(extension.to_str(), Some("sock" | "d" | "socket"))
        && std::fs::symlink_metadata(source).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}
