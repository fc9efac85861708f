//! API versions, and the path prefix that carries them.
//!
//! `bollard` 0.21 drops the version from request paths, so every request goes through [`ApiVersion::prefix`].

use std::fmt;

use hyper::Uri;
use hyper::http::uri::PathAndQuery;

/// A Docker Engine API version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    major: u32,
    minor: u32,
}

impl ApiVersion {
    /// The version whose shapes this program was written for (Docker Engine 28.3).
    pub const SPOKEN: ApiVersion = ApiVersion { major: 1, minor: 51 };
    /// The oldest version that is enough (Docker Engine 20.10).
    pub const OLDEST: ApiVersion = ApiVersion { major: 1, minor: 41 };
    /// The first version whose container creation takes several networks at once (Docker Engine 25).
    pub const SEVERAL_NETWORKS: ApiVersion = ApiVersion { major: 1, minor: 44 };

    /// Reads `1.51`; `None` for anything else.
    pub fn parse(text: &str) -> Option<ApiVersion> {
        let (major, minor) = text.split_once('.')?;
        Some(ApiVersion { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }

    /// Major and minor number.
    pub fn numbers(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// The same request target with the version in front of the path. Left as it is where that makes no valid URI.
    pub fn prefix(self, uri: &Uri) -> Uri {
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = format!("/v{self}{path}").parse().ok();
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_keeps_query_and_host() {
        let uri: Uri = "http://localhost/containers/json?all=true".parse().unwrap();
        assert_eq!(
            ApiVersion::SPOKEN.prefix(&uri).to_string(),
            "http://localhost/v1.51/containers/json?all=true"
        );
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(ApiVersion::parse("1.9").unwrap() < ApiVersion::parse("1.44").unwrap());
        assert_eq!(ApiVersion::parse("latest"), None);
    }
}
