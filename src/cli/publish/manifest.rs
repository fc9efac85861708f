//! The description of a published project: an OCI image manifest, as Docker Compose writes and reads it.

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::layers::Layer;
use crate::cli::artifacts::kinds;
use crate::registry::digest;

/// The configuration: there is none.
pub(super) const CONFIG: &[u8] = b"{}";

/// Which specification the manifest follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OciVersion {
    /// The kind of artifact is the type of its configuration.
    #[value(name = "1.0")]
    V1_0,
    /// Artifacts have a type.
    #[value(name = "1.1")]
    V1_1,
}

/// The manifest of some layers, as JSON.
pub(super) fn of(layers: &[Layer], version: OciVersion) -> Vec<u8> {
    let config_type = match version {
        OciVersion::V1_0 => kinds::OLD_PROJECT,
        OciVersion::V1_1 => "application/vnd.oci.empty.v1+json",
    };
    let created = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": config_type, "digest": digest(CONFIG), "size": CONFIG.len() },
        "layers": layers.iter().map(descriptor).collect::<Vec<_>>(),
        "annotations": { "org.opencontainers.image.created": created },
    });
    if version == OciVersion::V1_1 {
        manifest["artifactType"] = kinds::PROJECT.into();
    }
    manifest.to_string().into_bytes()
}

fn descriptor(layer: &Layer) -> Value {
    json!({
        "mediaType": layer.media_type,
        "digest": digest(&layer.content),
        "size": layer.content.len(),
        "annotations": layer.annotations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_artifact_is_told_in_the_way_of_the_version() {
        let layers = [Layer::compose("compose.yaml", b"services: {}".to_vec())];
        let read = |version| serde_json::from_slice::<Value>(&of(&layers, version)).unwrap();
        let (new, old) = (read(OciVersion::V1_1), read(OciVersion::V1_0));
        assert_eq!(new["artifactType"], "application/vnd.docker.compose.project");
        assert_eq!(new["config"]["digest"], digest(b"{}"));
        assert_eq!(old["artifactType"], Value::Null);
        assert_eq!(old["config"]["mediaType"], "application/vnd.docker.compose.config.empty.v1+json");
        assert_eq!(new["layers"][0]["annotations"]["com.docker.compose.file"], "compose.yaml");
    }
}
