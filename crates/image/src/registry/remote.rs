//! One registry, reached one way: `oci-client` with the names and errors of this crate.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use futures::StreamExt;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol, LayerDescriptor};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference as RemoteReference};

use super::config::RegistryConfig;
use super::credentials::Credentials;
use super::endpoint::Endpoint;
use super::error::{Operation, RegistryError};
use crate::digest::Digest;
use crate::model::{Descriptor, DocumentError, MAX_DOCUMENT_SIZE, media_type};
use crate::reference::Reference;

const USER_AGENT: &str = concat!("wharf/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Silence longer than this counts as a broken connection.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Makes rustls use ring, once per process; two providers in one program make it panic.
pub(crate) fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that somebody else installed one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A client for one endpoint and one repository.
pub(crate) struct Remote {
    pub(crate) client: Client,
    pub(crate) endpoint: Endpoint,
    auth: RegistryAuth,
    /// The reference as the user wrote it.
    reference: Reference,
}

impl Remote {
    pub(crate) fn new(
        endpoint: Endpoint,
        reference: &Reference,
        credentials: &Credentials,
        config: &RegistryConfig,
    ) -> Result<Remote, RegistryError> {
        // Credentials belong to the registry that was named, never to a mirror of it (contract 7.5.3).
        let auth = if endpoint.mirror { RegistryAuth::Anonymous } else { credentials.to_auth() };
        let client_config = ClientConfig {
            protocol: if endpoint.plain_http { ClientProtocol::Http } else { ClientProtocol::Https },
            accept_invalid_certificates: !endpoint.verify && !endpoint.plain_http,
            extra_root_certificates: certificates(
                config.certificates().map(|path| path.join(&endpoint.host)),
            )?,
            use_monolithic_push: true,
            read_timeout: Some(READ_TIMEOUT),
            connect_timeout: Some(CONNECT_TIMEOUT),
            user_agent: USER_AGENT,
            ..ClientConfig::default()
        };
        let failed = |error| RegistryError::from_client(error, Operation::Pull, reference, &endpoint.host);
        let client = Client::try_from(client_config).map_err(failed)?;
        Ok(Remote { client, endpoint, auth, reference: reference.clone() })
    }

    /// Must be called before blobs are touched without a manifest.
    pub(crate) async fn authenticate(&self) {
        self.client.store_auth_if_needed(&self.endpoint.host, &self.auth).await;
    }

    /// Fetches the manifest or index that the reference names, or the one with `digest`.
    pub(crate) async fn document(&self, digest: Option<&Digest>) -> Result<Vec<u8>, RegistryError> {
        let target = match digest.or(self.reference.digest()) {
            Some(digest) => self.by_digest(digest),
            None => self.by_tag(),
        };
        let fetched =
            self.client.pull_manifest_raw(&target, &self.auth, &media_type::ACCEPTED_DOCUMENTS).await;
        let (bytes, _) = fetched.map_err(|error| self.error(error, Operation::Pull))?;
        match digest.or(self.reference.digest()) {
            Some(digest) if !digest.matches(&bytes) => Err(self.wrong_content(digest)),
            _ => Ok(bytes.into()),
        }
    }

    /// Fetches a small blob whole and verifies it.
    pub(crate) async fn small_blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, RegistryError> {
        if descriptor.size > MAX_DOCUMENT_SIZE {
            let source = DocumentError::TooLarge { size: descriptor.size };
            return Err(RegistryError::Document { reference: self.reference.familiar(), source });
        }
        let mut stream = self.blob_stream(descriptor, 0).await?.stream;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            let interrupted = |source| RegistryError::Interrupted {
                digest: descriptor.digest.clone(),
                host: self.endpoint.host.clone(),
                source,
            };
            bytes.extend_from_slice(&chunk.map_err(interrupted)?);
            if bytes.len() as u64 > descriptor.size {
                return Err(self.wrong_content(&descriptor.digest));
            }
        }
        if descriptor.digest.matches(&bytes) {
            Ok(bytes)
        } else {
            Err(self.wrong_content(&descriptor.digest))
        }
    }

    /// Starts a download at `offset` bytes.
    pub(crate) async fn blob_stream(
        &self,
        descriptor: &Descriptor,
        offset: u64,
    ) -> Result<BlobStream, RegistryError> {
        use oci_client::client::BlobResponse;

        let digest = descriptor.digest.to_string();
        let layer = LayerDescriptor { digest: &digest, urls: &descriptor.urls };
        let target = self.by_digest(&descriptor.digest);
        let response = self.client.pull_blob_stream_partial(&target, &layer, offset, None).await;
        match response.map_err(|error| self.error(error, Operation::Pull))? {
            BlobResponse::Partial(sized) => Ok(BlobStream { stream: sized.stream, offset }),
            // The registry cannot continue: what is known already comes again (contract 7.5.8).
            BlobResponse::Full(sized) => Ok(BlobStream { stream: sized.stream, offset: 0 }),
        }
    }

    /// The reference's repository here with its tag.
    pub(crate) fn by_tag(&self) -> RemoteReference {
        let tag = self.reference.tag().unwrap_or("latest").to_owned();
        RemoteReference::with_tag(self.endpoint.host.clone(), self.reference.path().to_owned(), tag)
    }

    pub(crate) fn by_digest(&self, digest: &Digest) -> RemoteReference {
        let (host, path) = (self.endpoint.host.clone(), self.reference.path().to_owned());
        RemoteReference::with_digest(host, path, digest.to_string())
    }

    pub(crate) fn error(
        &self,
        error: oci_client::errors::OciDistributionError,
        operation: Operation,
    ) -> RegistryError {
        RegistryError::from_client(error, operation, &self.reference, &self.endpoint.host)
    }

    pub(crate) fn wrong_content(&self, digest: &Digest) -> RegistryError {
        RegistryError::WrongContent { host: self.endpoint.host.clone(), digest: digest.clone() }
    }
}

/// Bytes of a blob from `offset` on.
pub(crate) struct BlobStream {
    pub(crate) stream: futures::stream::BoxStream<'static, Result<bytes::Bytes, std::io::Error>>,
    pub(crate) offset: u64,
}

/// The authorities in Docker's `certs.d` directory of one registry.
fn certificates(directory: Option<std::path::PathBuf>) -> Result<Vec<Certificate>, RegistryError> {
    let Some(directory) = directory else { return Ok(Vec::new()) };
    let Ok(items) = std::fs::read_dir(&directory) else { return Ok(Vec::new()) };
    let unusable = |reason: String| RegistryError::Certificates { path: directory.clone(), reason };
    let mut certificates = Vec::new();
    for item in items {
        let path = item.map_err(|error| unusable(error.to_string()))?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => {
                certificates.push(read_certificate(&path).map_err(|error| unusable(error.to_string()))?)
            }
            Some("cert" | "key") => return Err(unusable("client certificates are not supported".to_owned())),
            _ => {}
        }
    }
    Ok(certificates)
}

fn read_certificate(path: &Path) -> std::io::Result<Certificate> {
    Ok(Certificate { encoding: CertificateEncoding::Pem, data: std::fs::read(path)? })
}
