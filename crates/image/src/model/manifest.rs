//! Manifests and indexes: what a registry answers to a name (contract 7.3.1).
//!
//! Owns telling the two apart safely: a document that could be read as either is refused (CVE-2021-41190).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::media_type;
use crate::digest::Digest;
use crate::platform::Platform;

/// Largest manifest, index or configuration that is read, in bytes (contract 10.3, CVE-2023-25153).
pub const MAX_DOCUMENT_SIZE: u64 = 8 * 1024 * 1024;
/// More layers than overlayfs can stack are no image this engine can run (kernel limit: 500).
const MAX_LAYERS: usize = 500;

/// Points at content: what it is, its digest and its size in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type.
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
    /// Size of the content in bytes.
    pub size: u64,
    /// Other places to fetch it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// In an index: what the manifest is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Fields this program does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Descriptor {
    /// A descriptor of `bytes`.
    pub fn of(media_type: &str, bytes: &[u8]) -> Descriptor {
        Descriptor::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// A descriptor without extras.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Descriptor {
        Descriptor {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: None,
            annotations: None,
            platform: None,
            other: Map::new(),
        }
    }

    /// True for entries of an index that hold signatures and provenance, not an image (contract 7.2.3).
    pub fn is_attestation(&self) -> bool {
        let annotated =
            self.annotations.as_ref().is_some_and(|a| a.contains_key("vnd.docker.reference.type"));
        annotated || self.platform.as_ref().is_some_and(Platform::is_unknown)
    }
}

/// The manifest of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The image configuration.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// Fields this program does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Manifests of the same image for several platforms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The entries.
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
    /// Fields this program does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Index {
    /// The entry that suits `platform` best; among equals the first (contract 7.2.2, 7.2.3).
    pub fn choose(&self, platform: &Platform) -> Option<&Descriptor> {
        let rank = |entry: &Descriptor| platform.rank(entry.platform.as_ref()?);
        let images = self.manifests.iter().filter(|entry| !entry.is_attestation());
        images
            .filter_map(|entry| Some((rank(entry)?, entry)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, entry)| entry)
    }
}

/// A manifest or an index, told apart.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "documents are few and live briefly")]
pub enum Document {
    /// One image.
    Manifest(Manifest),
    /// Several platforms.
    Index(Index),
}

/// Why a document is refused.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Larger than [`MAX_DOCUMENT_SIZE`].
    #[error("document of {size} bytes is larger than the limit of {MAX_DOCUMENT_SIZE}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// Not JSON or a field is missing.
    #[error("cannot read the manifest")]
    Json(#[source] serde_json::Error),
    /// Both an index and a manifest.
    #[error("ambiguous document: it has both \"manifests\" and \"config\" or \"layers\"")]
    Ambiguous,
    /// Its media type says one thing and its shape another.
    #[error("document is declared as {declared} but is not one")]
    MediaType {
        /// What it claims to be.
        declared: String,
    },
    /// Schema 1 or something unknown.
    #[error("manifest schema version {version} is not supported")]
    Schema {
        /// Its schema version.
        version: u64,
    },
    /// Neither shape.
    #[error("document is neither an image manifest nor an index")]
    Unknown,
    /// More layers than can be mounted.
    #[error("image has {count} layers, more than the limit of {MAX_LAYERS}")]
    TooManyLayers {
        /// How many.
        count: usize,
    },
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`DocumentError`] when it is too large, not JSON, ambiguous or of an unknown kind.
    pub fn parse(bytes: &[u8]) -> Result<Document, DocumentError> {
        let size = bytes.len() as u64;
        if size > MAX_DOCUMENT_SIZE {
            return Err(DocumentError::TooLarge { size });
        }
        let value: Map<String, Value> = serde_json::from_slice(bytes).map_err(DocumentError::Json)?;
        check_schema(&value)?;
        let is_index = value.contains_key("manifests");
        let is_manifest = value.contains_key("config") || value.contains_key("layers");
        check_declared(&value, is_index)?;
        match (is_index, is_manifest) {
            (true, true) => Err(DocumentError::Ambiguous),
            (true, false) => Ok(Document::Index(from_value(value)?)),
            (false, true) => Ok(Document::Manifest(check_layers(from_value(value)?)?)),
            (false, false) => Err(DocumentError::Unknown),
        }
    }

    /// The media type: the declared one, else the OCI one for the shape.
    pub fn media_type(&self) -> &str {
        match self {
            Document::Manifest(manifest) => {
                manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST)
            }
            Document::Index(index) => index.media_type.as_deref().unwrap_or(media_type::OCI_INDEX),
        }
    }
}

fn from_value<T: serde::de::DeserializeOwned>(value: Map<String, Value>) -> Result<T, DocumentError> {
    serde_json::from_value(Value::Object(value)).map_err(DocumentError::Json)
}

fn check_schema(value: &Map<String, Value>) -> Result<(), DocumentError> {
    match value.get("schemaVersion").and_then(Value::as_u64) {
        Some(2) => Ok(()),
        version => Err(DocumentError::Schema { version: version.unwrap_or(0) }),
    }
}

fn check_declared(value: &Map<String, Value>, is_index: bool) -> Result<(), DocumentError> {
    let Some(declared) = value.get("mediaType").and_then(Value::as_str) else { return Ok(()) };
    let fits = if is_index { media_type::is_index(declared) } else { media_type::is_manifest(declared) };
    if fits { Ok(()) } else { Err(DocumentError::MediaType { declared: declared.to_owned() }) }
}

fn check_layers(manifest: Manifest) -> Result<Manifest, DocumentError> {
    let count = manifest.layers.len();
    if count > MAX_LAYERS { Err(DocumentError::TooManyLayers { count }) } else { Ok(manifest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(platform: &str, digest: &Digest) -> Descriptor {
        let platform = platform.split('/').collect::<Vec<_>>();
        let mut descriptor = Descriptor::new(media_type::OCI_MANIFEST, digest.clone(), 1);
        descriptor.platform = Some(Platform {
            os: platform[0].into(),
            architecture: platform[1].into(),
            variant: platform.get(2).map(|&variant| variant.to_owned()),
        });
        descriptor
    }

    #[test]
    fn chooses_the_best_platform_and_skips_attestations() {
        let digests: Vec<Digest> = (0..5u8).map(|n| Digest::of(&[n])).collect();
        let mut attestation = entry("linux/amd64", &digests[4]);
        attestation.annotations =
            Some([("vnd.docker.reference.type".to_owned(), "attestation-manifest".to_owned())].into());
        let index = Index {
            schema_version: 2,
            media_type: None,
            manifests: vec![
                entry("unknown/unknown", &digests[0]),
                attestation,
                entry("linux/386", &digests[1]),
                entry("linux/amd64", &digests[2]),
                entry("linux/amd64", &digests[3]),
            ],
            other: Map::new(),
        };
        let choose = |text: &str| index.choose(&text.parse().unwrap()).map(|entry| entry.digest.clone());
        assert_eq!(choose("linux/amd64"), Some(digests[2].clone()));
        assert_eq!(choose("linux/386"), Some(digests[1].clone()));
        assert_eq!(choose("linux/arm64"), None);
    }

    #[test]
    fn refuses_ambiguous_and_mislabelled_documents() {
        for (text, expected) in [
            (r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#, "ambiguous"),
            (r#"{"schemaVersion":1,"layers":[]}"#, "schema version 1"),
            (r#"{"schemaVersion":2}"#, "neither"),
            (
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","layers":[]}"#,
                "declared",
            ),
            ("[]", "cannot read"),
        ] {
            let error = Document::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
