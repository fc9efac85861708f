//! Devices of the host in a container (contract 1.4.4 to 1.4.7).

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use wharf_container::spec::{DeviceAccess, DeviceKind, DeviceNode, DeviceRule};

use crate::error::{Error, Result};
use crate::model::HostConfig;
use crate::model::host_config::DeviceMapping;

/// Directories below `/dev` that are no devices of the host's own.
/// `ptmx` is a link in a container, to the terminals of its own.
const SKIPPED: &[&str] = &["pts", "ptmx", "shm", "fd", "mqueue", "console", ".lxc", ".lxd-mounts", ".udev"];
/// More devices than this below one directory are a mistake.
const MOST_DEVICES: usize = 4096;

/// Nodes to make and accesses to allow, beyond the defaults.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// Nodes.
    pub nodes: Vec<DeviceNode>,
    /// Rules, in order.
    pub rules: Vec<DeviceRule>,
}

/// What the request asks for.
///
/// # Errors
/// A device that does not exist on the host, or a rule or permission that is malformed.
pub fn devices(host: &HostConfig) -> Result<Devices> {
    let mut devices = Devices::default();
    if host.privileged {
        collect(Path::new("/dev"), Path::new("/dev"), &mut devices.nodes)?;
    }
    for mapping in host.resources.devices.iter().flatten() {
        add(mapping, host.privileged, &mut devices)?;
    }
    for rule in host.resources.device_cgroup_rules.iter().flatten() {
        let invalid = || Error::BadParameter(format!("invalid device cgroup rule format: '{rule}'"));
        devices.rules.push(DeviceRule::parse(rule).ok_or_else(invalid)?);
    }
    Ok(devices)
}

fn add(mapping: &DeviceMapping, privileged: bool, devices: &mut Devices) -> Result<()> {
    let source = &mapping.path_on_host;
    let target = if mapping.path_in_container.is_empty() { source } else { &mapping.path_in_container };
    let access = access(&mapping.cgroup_permissions)?;
    let resolved = fs::canonicalize(source).map_err(|error| gathering(source, &reason(&error)))?;
    let mut nodes = Vec::new();
    collect(&resolved, Path::new(target), &mut nodes)?;
    if nodes.is_empty() {
        return Err(gathering(source, "not a device node"));
    }
    let known = |node: &DeviceNode| devices.nodes.iter().any(|other| other.path == node.path);
    nodes.retain(|node| !known(node));
    if !privileged {
        devices.rules.extend(nodes.iter().map(|node| DeviceRule::for_node(node, access)));
    }
    devices.nodes.extend(nodes);
    Ok(())
}

fn access(text: &str) -> Result<DeviceAccess> {
    let text = if text.is_empty() { "rwm" } else { text };
    DeviceAccess::parse(text)
        .ok_or_else(|| Error::BadParameter(format!("invalid device permissions: {text:?}")))
}

/// In the words that the client knows: it gives a missing file the exit code 127.
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => error.to_string(),
    }
}

fn gathering(path: &str, why: &str) -> Error {
    Error::BadParameter(format!(
        "error gathering device information while adding custom device {path:?}: {why}"
    ))
}

/// The device at `source`, or all below it, as they will be below `target`.
fn collect(source: &Path, target: &Path, nodes: &mut Vec<DeviceNode>) -> Result<()> {
    // A device may vanish while the directory is read.
    let Ok(metadata) = fs::symlink_metadata(source) else { return Ok(()) };
    if let Some(node) = node(&metadata, target) {
        nodes.push(node);
    }
    if !metadata.is_dir() || nodes.len() > MOST_DEVICES {
        return Ok(());
    }
    let mut names: Vec<_> = fs::read_dir(source)
        .map_err(Error::io("read", source))?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| !SKIPPED.iter().any(|skipped| name == skipped))
        .collect();
    names.sort();
    names.iter().try_for_each(|name| collect(&source.join(name), &target.join(name), nodes))
}

fn node(metadata: &fs::Metadata, path: &Path) -> Option<DeviceNode> {
    let kind = metadata.file_type();
    let kind = match (kind.is_char_device(), kind.is_block_device()) {
        (true, _) => DeviceKind::Character,
        (_, true) => DeviceKind::Block,
        _ => return None,
    };
    Some(DeviceNode {
        path: PathBuf::from(path),
        kind,
        major: rustix::fs::major(metadata.rdev()),
        minor: rustix::fs::minor(metadata.rdev()),
        mode: metadata.mode() & 0o777,
        uid: metadata.uid(),
        gid: metadata.gid(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host_config::Resources;

    fn with(mapping: DeviceMapping) -> Result<Devices> {
        let resources = Resources { devices: Some(vec![mapping]), ..Resources::default() };
        devices(&HostConfig { resources, ..HostConfig::default() })
    }

    #[test]
    fn a_device_under_another_name() {
        let mapping = DeviceMapping {
            path_on_host: "/dev/null".to_owned(),
            path_in_container: "/dev/nothing".to_owned(),
            cgroup_permissions: "r".to_owned(),
        };
        let devices = with(mapping).unwrap();
        assert_eq!((devices.nodes[0].major, devices.nodes[0].minor), (1, 3));
        assert_eq!(devices.nodes[0].path, Path::new("/dev/nothing"));
        assert_eq!(devices.rules[0].access.to_string(), "r");
    }

    #[test]
    fn what_is_no_device_is_refused() {
        for path in ["/dev/does-not-exist", "/etc/passwd"] {
            let mapping = DeviceMapping { path_on_host: path.to_owned(), ..DeviceMapping::default() };
            assert!(with(mapping).is_err(), "{path}");
        }
    }
}
