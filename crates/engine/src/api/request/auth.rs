//! Registry credentials of one request.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;

use crate::model::image::RegistryAuth;
use crate::model::json::decode;

/// Clients write base64url with and without padding.
const ENCODING: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The `X-Registry-Auth` header, decoded. An empty object counts as none, and so does what cannot be read, as on Docker Engine:
/// old clients send such headers, and the registry says itself when it wants credentials.
pub fn registry_auth(headers: &HeaderMap) -> Option<RegistryAuth> {
    let auth: RegistryAuth = header(headers, "x-registry-auth")?;
    Some(auth).filter(|auth| *auth != RegistryAuth::default())
}

/// The `X-Registry-Config` header of builds: credentials by the address of their registry. What cannot be read counts as none.
pub fn registry_logins(headers: &HeaderMap) -> BTreeMap<String, RegistryAuth> {
    header(headers, "x-registry-config").unwrap_or_default()
}

fn header<T: DeserializeOwned>(headers: &HeaderMap, name: &str) -> Option<T> {
    let json = ENCODING.decode(headers.get(name)?.as_bytes()).ok()?;
    decode(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([("x-registry-auth".parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn padded_and_unpadded_are_read() {
        for value in ["eyJ1c2VybmFtZSI6Im1lIn0", "eyJ1c2VybmFtZSI6Im1lIn0="] {
            let auth = registry_auth(&headers(value)).unwrap();
            assert_eq!(auth.username, "me");
        }
    }

    #[test]
    fn a_build_brings_logins_of_several_registries() {
        let value =
            "eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsidXNlcm5hbWUiOiJtZSJ9LCJsb2NhbGhvc3Q6NTAwMCI6e319";
        let headers = HeaderMap::from_iter([("x-registry-config".parse().unwrap(), value.parse().unwrap())]);
        let logins = registry_logins(&headers);
        assert_eq!(logins["https://index.docker.io/v1/"].username, "me");
        assert_eq!(logins.len(), 2);
        assert!(registry_logins(&HeaderMap::new()).is_empty());
    }

    #[test]
    fn what_says_nothing_is_no_credentials() {
        // An empty object, not base64, not JSON, nothing.
        for value in ["e30=", "%%%", "bm90IGpzb24=", ""] {
            assert_eq!(registry_auth(&headers(value)), None, "{value}");
        }
        assert_eq!(registry_auth(&HeaderMap::new()), None);
    }
}
