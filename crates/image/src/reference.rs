//! Image references: `redis`, `ghcr.io/org/app:1.2`, `name:tag@sha256:…` (contract 7.1).
//!
//! Owns normalisation, the familiar short form and the grammar. It asks neither a store nor a registry.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};

const DEFAULT_DOMAIN: &str = "docker.io";
const LEGACY_DEFAULT_DOMAIN: &str = "index.docker.io";
const OFFICIAL_PREFIX: &str = "library/";
const DEFAULT_TAG: &str = "latest";
/// Longest `domain/path`, in bytes (contract 7.1.2).
const MAX_NAME_LENGTH: usize = 255;
const MAX_TAG_LENGTH: usize = 128;

/// A normalised reference: a domain, a path and optionally a tag and a digest.
///
/// Parsing adds `docker.io`, `library/` and, when there is neither tag nor digest, the tag `latest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is not a reference. The words are the ones Docker uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It does not fit the grammar.
    #[error("invalid reference format")]
    Format,
    /// The repository has upper-case letters.
    #[error("invalid reference format: repository name ({name}) must be lowercase")]
    UpperCase {
        /// The offending repository path.
        name: String,
    },
    /// The name is longer than 255 bytes.
    #[error("repository name must not be more than {MAX_NAME_LENGTH} characters")]
    TooLong,
    /// 64 hexadecimal digits would be mistaken for an image id.
    #[error("invalid repository name ({name}), cannot specify 64-byte hexadecimal strings")]
    LooksLikeId {
        /// The offending name.
        name: String,
    },
    /// The part after `@` is not a digest.
    #[error("invalid reference format: unsupported digest")]
    Digest(#[source] DigestError),
}

impl Reference {
    /// The registry host with its port, `docker.io` when none was written.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The repository below the domain, `library/redis` for `redis`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Domain and path: `docker.io/library/redis`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The name as people write it: `redis`, `org/app`, `ghcr.io/org/app`.
    pub fn familiar_name(&self) -> String {
        if self.domain != DEFAULT_DOMAIN {
            return self.name();
        }
        match self.path.strip_prefix(OFFICIAL_PREFIX) {
            Some(official) if !official.contains('/') => official.to_owned(),
            _ => self.path.clone(),
        }
    }

    /// The tag, if any. With a digest present it is only remembered (contract 7.1.3).
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest that decides the content, if any.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// True when the registry is Docker Hub, the only one that mirrors apply to (contract 7.5.6).
    pub fn is_docker_hub(&self) -> bool {
        self.domain == DEFAULT_DOMAIN
    }

    /// The same repository with another tag and no digest.
    ///
    /// # Errors
    /// [`ReferenceError::Format`] when `tag` does not fit `[\w][\w.-]{0,127}`.
    pub fn with_tag(&self, tag: &str) -> Result<Reference, ReferenceError> {
        check_tag(tag)?;
        Ok(Reference { tag: Some(tag.to_owned()), digest: None, ..self.clone() })
    }

    /// The same repository pinned to a digest, without a tag.
    pub fn with_digest(&self, digest: Digest) -> Reference {
        Reference { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The form that people write and Docker prints: `redis:7`, `org/app@sha256:…`.
    pub fn familiar(&self) -> String {
        self.suffixed(self.familiar_name())
    }

    fn suffixed(&self, mut text: String) -> String {
        if let Some(tag) = &self.tag {
            text.push(':');
            text.push_str(tag);
        }
        if let Some(digest) = &self.digest {
            text.push('@');
            text.push_str(&digest.to_string());
        }
        text
    }
}

impl fmt::Display for Reference {
    /// The full form: `docker.io/library/redis:7`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.suffixed(self.name()))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        if is_hex_id(text) {
            return Err(ReferenceError::LooksLikeId { name: text.to_owned() });
        }
        let (rest, digest) = split_digest(text)?;
        let (domain, remainder) = split_domain(rest);
        let (path, tag) = split_tag(remainder)?;
        check_name(domain, &path)?;
        let tag = tag.or_else(|| digest.is_none().then(|| DEFAULT_TAG.to_owned()));
        Ok(Reference { domain: domain.to_owned(), path, tag, digest })
    }
}

fn split_digest(text: &str) -> Result<(&str, Option<Digest>), ReferenceError> {
    match text.split_once('@') {
        None => Ok((text, None)),
        Some((rest, digest)) => Ok((rest, Some(digest.parse().map_err(ReferenceError::Digest)?))),
    }
}

/// Splits off the domain; the remainder still has its tag and gets `library/` where Docker adds it.
fn split_domain(text: &str) -> (&str, String) {
    let (domain, remainder) = match text.split_once('/') {
        Some((first, rest)) if looks_like_domain(first) => (first, rest),
        _ => (DEFAULT_DOMAIN, text),
    };
    let domain = if domain == LEGACY_DEFAULT_DOMAIN { DEFAULT_DOMAIN } else { domain };
    if domain == DEFAULT_DOMAIN && !remainder.contains('/') {
        return (domain, format!("{OFFICIAL_PREFIX}{remainder}"));
    }
    (domain, remainder.to_owned())
}

fn looks_like_domain(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.chars().any(char::is_uppercase)
}

fn split_tag(remainder: String) -> Result<(String, Option<String>), ReferenceError> {
    let Some((path, tag)) = remainder.split_once(':') else { return Ok((remainder, None)) };
    check_tag(tag)?;
    Ok((path.to_owned(), Some(tag.to_owned())))
}

fn check_name(domain: &str, path: &str) -> Result<(), ReferenceError> {
    if path.chars().any(char::is_uppercase) {
        return Err(ReferenceError::UpperCase { name: path.to_owned() });
    }
    if !is_domain(domain) || !path.split('/').all(is_path_component) {
        return Err(ReferenceError::Format);
    }
    if domain.len() + 1 + path.len() > MAX_NAME_LENGTH {
        return Err(ReferenceError::TooLong);
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), ReferenceError> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = tag.as_bytes();
    let fits = bytes.len() <= MAX_TAG_LENGTH
        && bytes.first().copied().is_some_and(word)
        && bytes.iter().all(|&byte| word(byte) || byte == b'.' || byte == b'-');
    if fits { Ok(()) } else { Err(ReferenceError::Format) }
}

fn is_hex_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `host`, `host:port` or `[v6]:port`.
fn is_domain(domain: &str) -> bool {
    if let Some(rest) = domain.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let address_fits =
            !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
        return address_fits && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    match domain.split_once(':') {
        Some((host, port)) => is_host(host) && is_port(port),
        None => is_host(domain),
    }
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_host(host: &str) -> bool {
    host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// `[a-z0-9]+` runs joined by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut rest = component.as_bytes();
    loop {
        let word = rest.iter().take_while(|&&byte| alphanumeric(byte)).count();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        let separator = rest.iter().take_while(|&&byte| !alphanumeric(byte)).count();
        match &rest[..separator] {
            [] => return true,
            b"." | b"_" | b"__" => {}
            dashes if dashes.iter().all(|&byte| byte == b'-') => {}
            _ => return false,
        }
        rest = &rest[separator..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Reference {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn normalises_as_docker_does() {
        for (text, full, familiar) in [
            ("redis", "docker.io/library/redis:latest", "redis:latest"),
            ("redis:7-alpine", "docker.io/library/redis:7-alpine", "redis:7-alpine"),
            ("org/app", "docker.io/org/app:latest", "org/app:latest"),
            ("index.docker.io/redis", "docker.io/library/redis:latest", "redis:latest"),
            ("docker.io/library/redis", "docker.io/library/redis:latest", "redis:latest"),
            ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
            ("localhost", "docker.io/library/localhost:latest", "localhost:latest"),
            ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
            ("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"),
            ("ghcr.io/Org/app", "", ""),
            ("Host/app", "Host/app:latest", "Host/app:latest"),
            ("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"),
            ("a__b/c--d.e", "docker.io/a__b/c--d.e:latest", "a__b/c--d.e:latest"),
        ] {
            match text.parse::<Reference>() {
                Ok(reference) => {
                    assert_eq!(reference.to_string(), full, "{text}");
                    assert_eq!(reference.familiar(), familiar, "{text}");
                }
                Err(error) => {
                    assert_eq!(full, "", "{text}");
                    assert_eq!(
                        error.to_string(),
                        "invalid reference format: repository name (Org/app) must be lowercase"
                    );
                }
            }
        }
    }

    #[test]
    fn a_digest_decides_and_the_tag_is_remembered() {
        let digest = Digest::of(b"x");
        let reference = parse(&format!("redis:7@{digest}"));
        assert_eq!((reference.tag(), reference.digest()), (Some("7"), Some(&digest)));
        assert_eq!(parse(&format!("redis@{digest}")).tag(), None);
    }

    #[test]
    fn refuses_what_the_grammar_refuses() {
        for text in [
            "",
            ":",
            "a:",
            "a:b:c",
            "-a",
            "a..b",
            "a___b",
            "a/",
            "/a",
            "a//b",
            "a b",
            "a@sha256:1",
            "http://a/b",
            "a:.x",
            "a_/b",
            "x:y/z",
            "[::1/app",
            "a.-b/c",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_name_and_tag() {
        assert_eq!("a".repeat(250).parse::<Reference>(), Err(ReferenceError::TooLong));
        assert!(format!("a:{}", "t".repeat(128)).parse::<Reference>().is_ok());
        assert!(format!("a:{}", "t".repeat(129)).parse::<Reference>().is_err());
        let id = "a".repeat(64);
        assert_eq!(id.parse::<Reference>(), Err(ReferenceError::LooksLikeId { name: id }));
    }
}
