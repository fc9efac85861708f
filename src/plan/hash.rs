//! Fingerprints that tell whether a container, network or volume was made from the present configuration.

use serde::Serialize;

use crate::hex;
use crate::project::model::{Deploy, Network, Service, Volume};
use crate::project::node::{Node, Value};
use crate::project::render;

/// Fingerprint of a service (compose-surface 3.6): what does not shape a container is left out. Containers are labelled with
/// that of the service with its `env_file` read; `config --hash` prints, as Docker Compose does, that of the service as it
/// is written.
pub fn service(service: &Service) -> String {
    let deploy = service.deploy.clone().map(|deploy| Deploy { replicas: None, ..deploy });
    let shaping = Service {
        build: None,
        pull_policy: String::new(),
        scale: None,
        deploy,
        depends_on: Default::default(),
        profiles: Vec::new(),
        ..service.clone()
    };
    let mut tree = render::json_tree(&shaping);
    if let Some(files) = tree.get_mut("env_file").and_then(Node::as_sequence_mut) {
        files.iter_mut().for_each(shorten);
    }
    for (_, limits) in tree.get_mut("blkio_config").and_then(Node::as_mapping_mut).into_iter().flatten() {
        limits.node.as_sequence_mut().into_iter().flatten().for_each(capitalize_keys);
    }
    text(&render::tree_compact_json(&tree))
}

/// Compose hashes the devices of `blkio_config` under the names of their fields in Go.
fn capitalize_keys(device: &mut Node) {
    let Some(entries) = device.as_mapping_mut() else { return };
    let capitalized = |key: String| key[..1].to_ascii_uppercase() + &key[1..];
    *entries = std::mem::take(entries).into_iter().map(|(key, entry)| (capitalized(key), entry)).collect();
}

/// A required file counts by its path alone.
fn shorten(file: &mut Node) {
    if file.get("required").is_some_and(|required| required.value == Value::Bool(true))
        && let Some(path) = file.get("path").cloned()
    {
        *file = path;
    }
}

/// Fingerprint of a network.
pub fn network(network: &Network) -> String {
    of(network)
}

/// Fingerprint of a volume; no driver means `local`.
pub fn volume(volume: &Volume) -> String {
    let driver = if volume.driver.is_empty() { "local".to_owned() } else { volume.driver.clone() };
    of(&Volume { driver, ..volume.clone() })
}

/// Fingerprint of text.
pub fn text(text: &str) -> String {
    hex::sha256(text.as_bytes())
}

fn of(value: &impl Serialize) -> String {
    text(&render::compact_json(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::model::EnvFile;

    #[test]
    fn scale_does_not_count_but_the_image_does() {
        let base = Service { name: "web".into(), image: "a".into(), ..Service::default() };
        let scaled = Service { scale: Some(3), ..base.clone() };
        let other = Service { image: "b".into(), ..base.clone() };
        assert_eq!(service(&base), service(&scaled));
        assert_ne!(service(&base), service(&other));
    }

    #[test]
    fn env_files_count_as_they_are_written() {
        let file = |required, format: &str| EnvFile {
            path: "/a".into(),
            required,
            format: format.into(),
            ..EnvFile::default()
        };
        let with = |file: EnvFile| service(&Service { env_file: vec![file], ..Service::default() });
        assert_eq!(
            with(file(true, "raw")),
            with(file(true, "")),
            "Compose drops the format of a required file"
        );
        assert_ne!(with(file(false, "raw")), with(file(false, "")));
        assert_ne!(with(file(true, "")), service(&Service::default()));
    }

    #[test]
    fn a_volume_without_driver_is_local() {
        let named = Volume { driver: "local".into(), ..Volume::default() };
        assert_eq!(volume(&Volume::default()), volume(&named));
    }
}
