//! Names and documents of the two archive layouts: OCI image layout and Docker's `manifest.json`.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

pub(super) const LAYOUT_FILE: &str = "oci-layout";
pub(super) const LAYOUT_VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
pub(super) const INDEX_FILE: &str = "index.json";
pub(super) const MANIFEST_FILE: &str = "manifest.json";
/// Full name of an image in the annotations of an index entry, as containerd writes it.
pub(super) const NAME_ANNOTATION: &str = "io.containerd.image.name";
/// Tag in the annotations of an index entry (image-spec annotations.md); some tools put the full name here.
pub(super) const REFERENCE_ANNOTATION: &str = "org.opencontainers.image.ref.name";

/// One image in Docker's `manifest.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ManifestItem {
    /// Path of the configuration.
    pub(super) config: String,
    /// Familiar references with tags.
    #[serde(default)]
    pub(super) repo_tags: Option<Vec<String>>,
    /// Paths of the layers, lowest first.
    #[serde(default)]
    pub(super) layers: Option<Vec<String>>,
}

/// Where a blob is in an OCI layout.
pub(super) fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}
