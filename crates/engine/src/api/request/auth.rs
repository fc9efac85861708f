//! Registry credentials of one request.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::api::error::{ApiError, ApiResult};
use crate::model::image::RegistryAuth;
use crate::model::json::decode;

/// Clients write base64url with and without padding.
const ENCODING: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The `X-Registry-Auth` header, decoded; an empty object counts as none.
///
/// # Errors
/// It is not base64 of JSON. The value is not repeated: it is a secret.
pub fn registry_auth(headers: &HeaderMap) -> ApiResult<Option<RegistryAuth>> {
    let Some(value) = headers.get("x-registry-auth").filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let json = ENCODING.decode(value.as_bytes()).map_err(|_| invalid())?;
    let auth: RegistryAuth = decode(&json).map_err(|_| invalid())?;
    Ok(Some(auth).filter(|auth| *auth != RegistryAuth::default()))
}

fn invalid() -> ApiError {
    ApiError::bad_request("invalid X-Registry-Auth header: it must be base64url-encoded JSON")
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
            let auth = registry_auth(&headers(value)).unwrap().unwrap();
            assert_eq!(auth.username, "me");
        }
    }

    #[test]
    fn an_empty_object_is_no_credentials() {
        assert_eq!(registry_auth(&headers("e30=")).unwrap(), None);
        assert_eq!(registry_auth(&HeaderMap::new()).unwrap(), None);
        assert!(registry_auth(&headers("%%%")).is_err());
    }
}
