//! Artifacts in registries: small things that are no images, described by a manifest. Images go through an engine.
//!
//! Here is where an artifact is and how its registry is spoken to; `pull` fetches one.

mod pull;

use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

pub use self::pull::{Layer, RemoteArtifact};
use crate::engine::credentials_for;
use crate::hex;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Silence longer than this counts as a broken connection.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A manifest and the blobs that it names.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The blobs.
    pub blobs: Vec<Vec<u8>>,
    /// The manifest, an `application/vnd.oci.image.manifest.v1+json`.
    pub manifest: Vec<u8>,
}

/// A place in a registry.
#[derive(Clone, Debug)]
pub struct Repository {
    reference: Reference,
    /// Plain HTTP will do where TLS does not work.
    insecure: bool,
}

/// Why an artifact is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The name is none.
    #[error("invalid reference {text:?}: {reason}")]
    Name {
        /// As it was given.
        text: String,
        /// Why.
        reason: String,
    },
    /// The registry refused, or is not there.
    #[error("cannot push to {reference}: {source}")]
    Push {
        /// Where to.
        reference: String,
        /// Why.
        source: Box<OciDistributionError>,
    },
    /// It is not there, or cannot be fetched.
    #[error("cannot pull {reference}: {source}")]
    Pull {
        /// Where from.
        reference: String,
        /// Why.
        source: Box<OciDistributionError>,
    },
    /// What came is not what was named, or more than is taken.
    #[error("cannot pull {reference}: {problem}")]
    Content {
        /// Where from.
        reference: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl RegistryError {
    /// Whether the registry answered, and does not want what it was sent.
    pub fn is_refused(&self) -> bool {
        let RegistryError::Push { source, .. } = self else { return false };
        matches!(
            **source,
            OciDistributionError::RegistryError { .. } | OciDistributionError::ServerError { .. }
        )
    }

    fn is_unreachable(&self) -> bool {
        let (RegistryError::Push { source, .. } | RegistryError::Pull { source, .. }) = self else {
            return false;
        };
        matches!(**source, OciDistributionError::RequestError(_))
    }
}

impl Repository {
    /// Reads `HOST/PATH:TAG` or `HOST/PATH@DIGEST`. Registries of this machine may speak plain HTTP; others if `insecure`
    /// says so.
    ///
    /// # Errors
    /// It is no such name.
    pub fn parse(text: &str, insecure: bool) -> Result<Repository, RegistryError> {
        let wrong = |reason: String| RegistryError::Name { text: text.to_owned(), reason };
        let reference: Reference = text.parse().map_err(|error| wrong(format!("{error}")))?;
        let insecure = insecure || is_loopback(reference.registry());
        Ok(Repository { reference, insecure })
    }

    /// Reads the name that something is to be sent under.
    ///
    /// # Errors
    /// It is no such name, or one with a digest.
    pub fn parse_target(text: &str, insecure: bool) -> Result<Repository, RegistryError> {
        let repository = Repository::parse(text, insecure)?;
        if repository.reference.digest().is_some() {
            let reason = "what is published gets a digest, it is not found by one: give it a tag".to_owned();
            return Err(RegistryError::Name { text: text.to_owned(), reason });
        }
        Ok(repository)
    }

    /// The registry's host and port.
    pub fn registry(&self) -> &str {
        self.reference.registry()
    }

    /// Sends the blobs, then the manifest: what fails leaves the tag as it was.
    ///
    /// # Errors
    /// The registry refuses, or is not there.
    pub async fn push(&self, artifact: &Artifact) -> Result<(), RegistryError> {
        self.with_protocol(async |protocol| self.push_by(artifact, protocol).await).await
    }

    /// Over TLS, and without where that does not work and need not.
    async fn with_protocol<T>(
        &self,
        attempt: impl AsyncFn(ClientProtocol) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        match attempt(ClientProtocol::Https).await {
            Err(error) if self.insecure && error.is_unreachable() => attempt(ClientProtocol::Http).await,
            result => result,
        }
    }

    async fn push_by(&self, artifact: &Artifact, protocol: ClientProtocol) -> Result<(), RegistryError> {
        let failed =
            |source| RegistryError::Push { reference: self.reference.to_string(), source: Box::new(source) };
        let client = self.client(protocol).await.map_err(failed)?;
        for blob in &artifact.blobs {
            let content = Bytes::from(blob.clone());
            client.push_blob(&self.reference, content, &digest(blob)).await.map_err(failed)?;
        }
        let manifest = Bytes::from(artifact.manifest.clone());
        let kind = OCI_IMAGE_MEDIA_TYPE;
        let kind =
            kind.parse().map_err(|_| failed(OciDistributionError::UnsupportedMediaTypeError(kind.into())))?;
        client.push_manifest_raw(&self.reference, manifest, kind).await.map_err(failed)?;
        Ok(())
    }

    /// A client with the login for this registry.
    async fn client(&self, protocol: ClientProtocol) -> Result<Client, OciDistributionError> {
        install_crypto();
        let config = ClientConfig {
            protocol,
            use_monolithic_push: true,
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config)?;
        client.store_auth_if_needed(self.reference.resolve_registry(), &self.login()).await;
        Ok(client)
    }

    fn login(&self) -> RegistryAuth {
        let login = credentials_for(&self.reference.whole()).unwrap_or_default();
        match (login.username, login.password) {
            (Some(username), Some(password)) => RegistryAuth::Basic(username, password),
            _ => RegistryAuth::Anonymous,
        }
    }
}

/// `sha256:…` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::sha256(bytes))
}

fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Makes rustls use ring, once per process; two providers in one program make it panic.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that somebody else installed one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_is_on_this_machine() {
        assert!(Repository::parse("127.0.0.1:5000/team/app:1", false).unwrap().insecure);
        assert!(!Repository::parse("ghcr.io/team/app", false).unwrap().insecure);
        let digest = digest(b"");
        assert!(Repository::parse(&format!("ghcr.io/team/app@{digest}"), false).is_ok());
        assert!(Repository::parse_target(&format!("ghcr.io/team/app@{digest}"), false).is_err());
        assert!(Repository::parse("localhost:1/UPPER", false).is_err());
        assert_eq!(digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
