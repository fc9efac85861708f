//! Decoding of request bodies: JSON as Docker's many clients write it.
//!
//! Owns the two liberties that all of them rely on (`null` means absent, a string may stand for a one-element list)
//! and the rule for fields that this engine does not know.

use indexmap::IndexMap;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Fields of a request that no type of ours knows, in the order of the request.
pub type Unknown = IndexMap<String, Value>;

/// Decodes a body. `null` members are dropped first: Go clients write `null` for a nil list, Python clients for anything unset.
///
/// # Errors
/// The text is not JSON, or a member has the wrong type.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let mut value: Value = serde_json::from_slice(body)?;
    drop_nulls(&mut value);
    serde_json::from_value(value)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// The names of unknown fields that ask for something: a zero value asks for nothing, and clients send all fields they know.
pub fn meaningful(unknown: &Unknown) -> impl Iterator<Item = &str> {
    unknown.iter().filter(|(_, value)| !is_zero(value)).map(|(name, _)| name.as_str())
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_zero),
        Value::Object(members) => members.values().all(is_zero),
    }
}

/// A list of words that may be written as one string (`Cmd`, `Entrypoint`, `Shell`).
///
/// # Errors
/// The value is neither a string nor a list of strings.
pub fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(String),
        Many(Vec<String>),
    }
    Ok(Option::<Words>::deserialize(deserializer)?.map(|words| match words {
        Words::One(word) => vec![word],
        Words::Many(words) => words,
    }))
}

/// An empty list is shown as `null`, as Go shows a list that was never made.
///
/// # Errors
/// Those of the serializer.
pub fn null_if_empty<T: Serialize, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    Some(list).filter(|list| !list.is_empty()).serialize(serializer)
}

/// The other way round.
///
/// # Errors
/// The value is neither `null` nor of the type.
pub fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// True for zero; for fields that Docker leaves out when they are zero.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_absent_and_a_word_is_a_list() {
        #[derive(serde::Deserialize)]
        struct Body {
            #[serde(default)]
            count: i64,
            #[serde(default, deserialize_with = "words")]
            cmd: Option<Vec<String>>,
        }
        let body: Body = decode(br#"{"count":null,"cmd":"sh"}"#).unwrap();
        assert_eq!((body.count, body.cmd), (0, Some(vec!["sh".to_owned()])));
    }

    #[test]
    fn only_fields_that_ask_for_something_are_meaningful() {
        let unknown: Unknown =
            serde_json::from_str(r#"{"A":0,"B":"","C":[],"D":{"x":false},"E":["x"],"F":3}"#).unwrap();
        assert_eq!(meaningful(&unknown).collect::<Vec<_>>(), ["E", "F"]);
    }
}
