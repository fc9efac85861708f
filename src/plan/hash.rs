//! Fingerprints that tell whether a container, network or volume was made from the present configuration.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::project::model::{Deploy, Network, Service, Volume};
use crate::project::render;

/// Fingerprint of a service (compose-surface 3.6): what does not shape a container is left out.
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
    of(&shaping)
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
    hex(&Sha256::digest(text.as_bytes()))
}

fn of(value: &impl Serialize) -> String {
    text(&render::compact_json(value))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_does_not_count_but_the_image_does() {
        let base = Service { name: "web".into(), image: "a".into(), ..Service::default() };
        let scaled = Service { scale: Some(3), ..base.clone() };
        let other = Service { image: "b".into(), ..base.clone() };
        assert_eq!(service(&base), service(&scaled));
        assert_ne!(service(&base), service(&other));
    }

    #[test]
    fn a_volume_without_driver_is_local() {
        let named = Volume { driver: "local".into(), ..Volume::default() };
        assert_eq!(volume(&Volume::default()), volume(&named));
    }
}
