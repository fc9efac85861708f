//! Query parameters, taken one by one, so that what nobody took can be refused.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::time::unix_time;
use crate::api::error::{ApiError, ApiResult};
use crate::filters::Filters;

/// The query of one request. A handler takes what it knows and then calls [`Params::finish`].
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The first value, or nothing when it is absent or empty.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.list(name).into_iter().next().filter(|value| !value.is_empty())
    }

    /// All values, in order.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// A flag by Docker's rule: absent, empty, `0`, `no`, `false` and `none` are false, all else is true.
    pub fn flag(&mut self, name: &str) -> bool {
        self.text(name).is_some_and(|value| is_on(&value))
    }

    /// A flag that is true when absent.
    pub fn flag_or_true(&mut self, name: &str) -> bool {
        self.text(name).is_none_or(|value| is_on(&value))
    }

    /// A number.
    ///
    /// # Errors
    /// It is not one, or out of range.
    pub fn number<T: FromStr>(&mut self, name: &str) -> ApiResult<Option<T>> {
        self.text(name).map(|value| value.parse().map_err(|_| invalid(name, &value))).transpose()
    }

    /// A moment in seconds since 1970, with an optional fraction; `0` means none.
    ///
    /// # Errors
    /// It is not one.
    pub fn time(&mut self, name: &str) -> ApiResult<Option<Timestamp>> {
        let Some(value) = self.text(name).filter(|value| value != "0") else { return Ok(None) };
        unix_time(&value).map(Some).ok_or_else(|| invalid(name, &value))
    }

    /// A JSON value.
    ///
    /// # Errors
    /// It does not decode.
    pub fn json<T: DeserializeOwned + Default>(&mut self, name: &str) -> ApiResult<T> {
        let Some(value) = self.text(name).filter(|value| value != "null") else { return Ok(T::default()) };
        serde_json::from_str(&value).map_err(|_| invalid(name, &value))
    }

    /// The `filters` parameter.
    ///
    /// # Errors
    /// It does not decode.
    pub fn filters(&mut self) -> ApiResult<Filters> {
        Ok(Filters::parse(&self.text("filters").unwrap_or_default())?)
    }

    /// Takes parameters that change nothing on this engine, whatever their value.
    pub fn ignore(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
    }

    /// Refuses what nobody took, unless its value asks for nothing: clients send every parameter that they know.
    ///
    /// # Errors
    /// Names the first such parameter.
    pub fn finish(self) -> ApiResult<()> {
        match self.0.into_iter().find(|(_, value)| asks_for_something(value)) {
            Some((name, value)) => Err(ApiError::bad_request(format!(
                "this engine does not support the query parameter {name:?} (value {value:?}) here"
            ))),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(pairs)| Params(pairs))
            .map_err(|error| ApiError::bad_request(error.body_text()))
    }
}

fn is_on(value: &str) -> bool {
    !matches!(value.trim().to_ascii_lowercase().as_str(), "" | "0" | "no" | "false" | "none")
}

fn asks_for_something(value: &str) -> bool {
    is_on(value) && !matches!(value, "[]" | "{}" | "null" | "-1")
}

fn invalid(name: &str, value: &str) -> ApiError {
    ApiError::bad_request(format!("invalid value {value:?} for the query parameter {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        let uri = format!("/x?{query}").parse().unwrap();
        let Query(pairs) = Query::try_from_uri(&uri).unwrap();
        Params(pairs)
    }

    #[test]
    fn flags_follow_docker() {
        let mut query = params("a=1&b=true&c=0&d=False&e=&f=none");
        assert!(query.flag("a") && query.flag("b"));
        assert!(!query.flag("c") && !query.flag("d") && !query.flag("e") && !query.flag("f"));
        assert!(!query.flag("absent") && query.flag_or_true("absent"));
    }

    #[test]
    fn repeated_values_keep_their_order() {
        let mut query = params("t=a%3A1&x=y&t=b");
        assert_eq!(query.list("t"), ["a:1", "b"]);
        assert_eq!(query.text("x").as_deref(), Some("y"));
        query.finish().unwrap();
    }

    #[test]
    fn what_nobody_took_is_refused_unless_it_is_off() {
        params("squash=0&cachefrom=[]&ulimits=null&cpuset=&memory=0").finish().unwrap();
        let error = params("squash=1").finish().unwrap_err();
        assert!(error.message().contains("\"squash\""), "{error:?}");
    }

    #[test]
    fn bad_numbers_are_named() {
        let error = params("limit=many").number::<usize>("limit").unwrap_err();
        assert_eq!(error.message(), r#"invalid value "many" for the query parameter "limit""#);
        assert_eq!(params("limit=7").number::<usize>("limit").unwrap(), Some(7));
    }
}
