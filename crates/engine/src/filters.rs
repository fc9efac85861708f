//! The `filters` query parameter: which keys a route knows and how values match.

use indexmap::IndexMap;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::config::Labels;

/// Filter keys with their values; values of one key are alternatives, keys must all match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(IndexMap<String, Vec<String>>);

impl Filters {
    /// Parses `{"key":["value"]}` and the older `{"key":{"value":true}}`. An empty text is no filter.
    ///
    /// # Errors
    /// The text is neither form.
    pub fn parse(text: &str) -> Result<Filters> {
        if text.is_empty() {
            return Ok(Filters::default());
        }
        let keys: IndexMap<String, Value> = serde_json::from_str(text).map_err(|_| invalid(text))?;
        keys.into_iter()
            .map(|(key, value)| Ok((key, values(value).ok_or_else(|| invalid(text))?)))
            .collect::<Result<_>>()
            .map(Filters)
    }

    /// Adds one value.
    pub fn add(&mut self, key: &str, value: impl Into<String>) {
        self.0.entry(key.to_owned()).or_default().push(value.into());
    }

    /// Refuses keys that the route does not know.
    ///
    /// # Errors
    /// `invalid filter 'x'`, as Docker says.
    pub fn allow(&self, known: &[&str]) -> Result<()> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Error::BadParameter(format!("invalid filter '{key}'"))),
            None => Ok(()),
        }
    }

    /// The values of one key.
    pub fn get(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// True when the key is not used or `matches` accepts one of its values.
    pub fn any(&self, key: &str, matches: impl Fn(&str) -> bool) -> bool {
        let values = self.get(key);
        values.is_empty() || values.iter().any(|value| matches(value))
    }

    /// True when every `label` value (`key` or `key=value`) is among `labels`, and no `label!` value is.
    pub fn labels(&self, labels: &Labels) -> bool {
        let has = |wanted: &String| has_label(labels, wanted);
        self.get("label").iter().all(has) && !self.get("label!").iter().any(has)
    }

    /// A yes/no filter such as `dangling`.
    ///
    /// # Errors
    /// The value is not a Go boolean.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.get(key).first().map(String::as_str) {
            None => Ok(None),
            Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(Some(false)),
            Some(other) => Err(Error::BadParameter(format!(
                "invalid filter '{key}': '{other}' is neither true nor false"
            ))),
        }
    }
}

fn values(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Object(members) => Some(
            members
                .into_iter()
                .filter(|(_, wanted)| wanted != &Value::Bool(false))
                .map(|(name, _)| name)
                .collect(),
        ),
        _ => None,
    }
}

fn has_label(labels: &Labels, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|have| have == value),
        None => labels.contains_key(wanted),
    }
}

fn invalid(text: &str) -> Error {
    Error::BadParameter(format!("invalid filters: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_parse() {
        let new = Filters::parse(r#"{"label":["a=b","c"]}"#).unwrap();
        let old = Filters::parse(r#"{"label":{"a=b":true,"c":true}}"#).unwrap();
        assert_eq!(new, old);
        assert!(Filters::parse("[]").is_err());
    }

    #[test]
    fn labels_must_all_match() {
        let filters = Filters::parse(r#"{"label":["a=b","c"]}"#).unwrap();
        let labels = Labels::from([("a".to_owned(), "b".to_owned()), ("c".to_owned(), String::new())]);
        assert!(filters.labels(&labels));
        assert!(!filters.labels(&Labels::from([("a".to_owned(), "x".to_owned())])));
    }

    #[test]
    fn unknown_keys_are_refused() {
        let filters = Filters::parse(r#"{"colour":["red"]}"#).unwrap();
        assert!(filters.allow(&["label"]).is_err());
    }
}
