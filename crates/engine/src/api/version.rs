//! The versions that this face speaks, and the `/v1.NN` prefix of request paths.

use super::error::ApiError;

/// The newest API version, which is the one whose shapes are answered.
pub const API_VERSION: &str = "1.51";
/// The oldest API version that a client may ask for.
pub const MIN_API_VERSION: &str = "1.24";

const NEWEST: Version = Version { major: 1, minor: 51 };
const OLDEST: Version = Version { major: 1, minor: 24 };

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
}

/// Splits `/v1.44/info` into the path that the routes know. A path without a version speaks the newest one.
///
/// # Errors
/// The version is outside of what this face speaks; the texts are Docker's.
pub fn strip(path: &str) -> Result<&str, ApiError> {
    let Some((version, rest)) = split(path) else { return Ok(path) };
    let shown = format!("{}.{}", version.major, version.minor);
    if version > NEWEST {
        return Err(ApiError::bad_request(format!(
            "client version {shown} is too new. Maximum supported API version is {API_VERSION}"
        )));
    }
    if version < OLDEST {
        return Err(ApiError::bad_request(format!(
            "client version {shown} is too old. Minimum supported API version is {MIN_API_VERSION}, \
             please upgrade your client to a newer version"
        )));
    }
    Ok(rest)
}

fn split(path: &str) -> Option<(Version, &str)> {
    let tail = path.strip_prefix("/v")?;
    let slash = tail.find('/')?;
    let (major, minor) = tail[..slash].split_once('.')?;
    let version = Version { major: major.parse().ok()?, minor: minor.parse().ok()? };
    Some((version, &tail[slash..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_optional() {
        assert_eq!(strip("/v1.44/containers/json").unwrap(), "/containers/json");
        assert_eq!(strip("/info").unwrap(), "/info");
        assert_eq!(strip("/volumes/v1.2").unwrap(), "/volumes/v1.2");
        assert_eq!(strip("/volumes").unwrap(), "/volumes");
    }

    #[test]
    fn versions_outside_the_range_are_refused() {
        let new = strip("/v1.52/info").unwrap_err();
        assert_eq!(new.message(), "client version 1.52 is too new. Maximum supported API version is 1.51");
        assert!(strip("/v1.23/info").unwrap_err().message().contains("too old"));
        assert!(strip("/v1.24/info").is_ok());
    }

    #[test]
    fn the_texts_match_the_numbers() {
        assert_eq!(API_VERSION, format!("{}.{}", NEWEST.major, NEWEST.minor));
        assert_eq!(MIN_API_VERSION, format!("{}.{}", OLDEST.major, OLDEST.minor));
    }
}
