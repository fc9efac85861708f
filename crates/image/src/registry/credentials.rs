//! Who we are to a registry: given by a request, or found in Docker's `config.json` (contract 7.5.4, 7.5.5).

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

/// The key of Docker Hub in `config.json`.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// What credential helpers print when they know nothing (contract 7.5.5).
const HELPER_KNOWS_NOTHING: &str = "credentials not found in native keychain";

/// How to introduce oneself to one registry. Sent to that registry and its token server only.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    #[default]
    Anonymous,
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Password or access token.
        password: String,
    },
    /// A bearer token for the registry itself.
    Token(String),
}

/// Why credentials cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file exists and cannot be opened.
    #[error("cannot read {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file or the helper it names does not work.
    #[error("cannot get the credentials for {registry} by {}", path.display())]
    Retrieve {
        /// The registry.
        registry: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: CredentialRetrievalError,
    },
    /// An OAuth refresh token, which this client cannot exchange.
    #[error("{registry} is configured with an identity token in {}, which is not supported; log in with a password or access token", path.display())]
    IdentityToken {
        /// The registry.
        registry: String,
        /// The file.
        path: PathBuf,
    },
}

impl Credentials {
    /// Looks up `registry` (a reference's domain) in a `config.json`; runs the credential helper it names, so
    /// it may block. A missing file or entry means anonymous.
    ///
    /// # Errors
    /// [`CredentialsError`].
    pub fn from_file(path: &Path, registry: &str) -> Result<Credentials, CredentialsError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credentials::Anonymous),
            other => other.map_err(|source| CredentialsError::Open { path: path.to_owned(), source })?,
        };
        let key = if registry == "docker.io" { DOCKER_HUB_KEY } else { registry };
        match docker_credential::get_credential_from_reader(file, key) {
            Ok(DockerCredential::UsernamePassword(username, password)) => {
                // Old files pad the password with zeros.
                let password = password.trim_end_matches('\0').to_owned();
                Ok(Credentials::Basic { username, password })
            }
            Ok(DockerCredential::IdentityToken(_)) => {
                Err(CredentialsError::IdentityToken { registry: registry.to_owned(), path: path.to_owned() })
            }
            Err(error) if means_anonymous(&error) => Ok(Credentials::Anonymous),
            Err(source) => Err(CredentialsError::Retrieve {
                registry: registry.to_owned(),
                path: path.to_owned(),
                source,
            }),
        }
    }

    pub(crate) fn to_auth(&self) -> RegistryAuth {
        match self {
            Credentials::Anonymous => RegistryAuth::Anonymous,
            Credentials::Basic { username, password } => {
                RegistryAuth::Basic(username.clone(), password.clone())
            }
            Credentials::Token(token) => RegistryAuth::Bearer(token.clone()),
        }
    }
}

fn means_anonymous(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured => true,
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
            stdout.contains(HELPER_KNOWS_NOTHING) || stderr.contains(HELPER_KNOWS_NOTHING)
        }
        _ => false,
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::Anonymous => formatter.write_str("Anonymous"),
            Credentials::Basic { username, .. } => write!(formatter, "Basic({username:?}, …)"),
            Credentials::Token(_) => formatter.write_str("Token(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lookup(json: &str, registry: &str) -> Result<Credentials, CredentialsError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(json.as_bytes()).unwrap();
        Credentials::from_file(file.path(), registry)
    }

    #[test]
    fn finds_entries_by_host() {
        // "user:secret" and "hub:pw" in base64.
        let json = r#"{"auths":{"https://old.example/v1/":{"auth":"dXNlcjpzZWNyZXQ="},
            "https://index.docker.io/v1/":{"auth":"aHViOnB3"},"empty.example":{}}}"#;
        let basic = |username: &str, password: &str| Credentials::Basic {
            username: username.into(),
            password: password.into(),
        };
        assert_eq!(lookup(json, "old.example").unwrap(), basic("user", "secret"));
        assert_eq!(lookup(json, "docker.io").unwrap(), basic("hub", "pw"));
        assert_eq!(lookup(json, "other.example").unwrap(), Credentials::Anonymous);
        assert_eq!(Credentials::from_file(Path::new("/nonexistent"), "x").unwrap(), Credentials::Anonymous);
        assert!(lookup("not json", "x").is_err());
    }

    #[test]
    fn secrets_are_not_printed() {
        let credentials = Credentials::Basic { username: "me".into(), password: "hush".into() };
        assert!(!format!("{credentials:?}{:?}", Credentials::Token("hush".into())).contains("hush"));
    }
}
