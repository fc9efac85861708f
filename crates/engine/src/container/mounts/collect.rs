//! One list of mounts from everything that a create request and an image say (contract 2.2.1, 2.4.5, 2.4.8).

use super::parse;
use super::record::{MountKind, MountRecord, ReadOnly};
use super::tmpfs;
use crate::error::{Error, Result};
use crate::model::config::Config;
use crate::model::host_config::HostConfig;

/// All mounts of a container with this merged configuration. `mounts_of` gives the mounts of a container for `VolumesFrom`.
///
/// # Errors
/// A mount that cannot be understood, or two at one place.
pub fn collect(
    config: &Config,
    host: &HostConfig,
    mounts_of: impl Fn(&str) -> Result<Vec<MountRecord>>,
) -> Result<Vec<MountRecord>> {
    let asked = asked(host)?;
    let mut all = inherited(host, mounts_of)?;
    all.retain(|mount| !covers(&asked, &mount.destination));
    all.extend(asked);
    for path in config.volumes.iter().flat_map(|volumes| volumes.keys()) {
        let destination = parse::target(path)?;
        if !covers(&all, &destination) {
            let kind = MountKind::Volume;
            all.push(MountRecord { kind, destination, anonymous: true, ..MountRecord::default() });
        }
    }
    Ok(all)
}

/// `Binds`, `Mounts` and `Tmpfs`; no two of them at one place.
fn asked(host: &HostConfig) -> Result<Vec<MountRecord>> {
    let binds = host.binds.iter().flatten().map(|text| parse::bind(text));
    let mounts = host.mounts.iter().flatten().map(parse::mount);
    let memory = host.tmpfs.iter().map(|(path, options)| {
        let tmpfs: Vec<String> = options.split(',').map(str::to_owned).collect();
        let destination = parse::absolute(path).map_err(Error::BadParameter)?;
        let kind = MountKind::Tmpfs;
        Ok(MountRecord { kind, destination, tmpfs, unlisted: true, ..MountRecord::default() })
    });
    let mut all: Vec<MountRecord> = Vec::new();
    for mount in binds.chain(mounts).chain(memory) {
        let mut mount = mount?;
        if mount.kind == MountKind::Volume && mount.mode.is_empty() {
            // Docker shows it so; without SELinux it asks for nothing.
            "z".clone_into(&mut mount.mode);
        }
        tmpfs::parse(&mount.tmpfs)?;
        if covers(&all, &mount.destination) {
            return Err(Error::BadParameter(format!("Duplicate mount point: {}", mount.destination)));
        }
        all.push(mount);
    }
    Ok(all)
}

fn covers(mounts: &[MountRecord], destination: &str) -> bool {
    mounts.iter().any(|mount| mount.destination == destination)
}

/// The mounts of other containers; a later one replaces an earlier one.
fn inherited(
    host: &HostConfig,
    mounts_of: impl Fn(&str) -> Result<Vec<MountRecord>>,
) -> Result<Vec<MountRecord>> {
    let mut all: Vec<MountRecord> = Vec::new();
    for text in host.volumes_from.iter().flatten() {
        let (container, mode) = text.split_once(':').unwrap_or((text, "rw"));
        if !matches!(mode, "rw" | "ro" | "z" | "Z") {
            return Err(Error::BadParameter(format!("invalid mode: {mode}")));
        }
        for mut mount in mounts_of(container)? {
            if mode == "ro" {
                mount.read_only = ReadOnly::Recursive;
            }
            // Another container's volume is not filled from this image; one without a name goes with the last container that has it.
            mount.no_copy = true;
            mount.mode.clear();
            all.retain(|earlier| earlier.destination != mount.destination);
            all.push(mount);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{Empty, Set};

    fn none(_: &str) -> Result<Vec<MountRecord>> {
        Ok(Vec::new())
    }

    fn volumes(paths: &[&str]) -> Config {
        let set: Set = paths.iter().map(|path| ((*path).to_owned(), Empty {})).collect();
        Config { volumes: Some(set), ..Config::default() }
    }

    #[test]
    fn image_volumes_are_anonymous_unless_something_is_mounted_there() {
        let host = HostConfig { binds: Some(vec!["data:/data".to_owned()]), ..HostConfig::default() };
        let mounts = collect(&volumes(&["/data", "/other"]), &host, none).unwrap();
        let shape: Vec<_> =
            mounts.iter().map(|mount| (mount.destination.as_str(), mount.anonymous)).collect();
        assert_eq!(shape, [("/data", false), ("/other", true)]);
    }

    #[test]
    fn two_mounts_at_one_place_are_refused() {
        let binds = Some(vec!["/a:/x".to_owned(), "/b:/x/".to_owned()]);
        let error =
            collect(&Config::default(), &HostConfig { binds, ..HostConfig::default() }, none).unwrap_err();
        assert_eq!(error.message(), "Duplicate mount point: /x");
    }

    #[test]
    fn volumes_from_another_container() {
        let host = HostConfig { volumes_from: Some(vec!["other:ro".to_owned()]), ..HostConfig::default() };
        let from = |_: &str| parse::bind("/a:/x").map(|mount| vec![mount]);
        let mounts = collect(&Config::default(), &host, from).unwrap();
        assert_eq!((mounts[0].source.as_str(), mounts[0].read_only), ("/a", ReadOnly::Recursive));
    }
}
