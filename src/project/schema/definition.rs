//! The part of JSON Schema that the Compose schema uses, as data.

use std::fmt;
use std::sync::OnceLock;

use indexmap::IndexMap;
use regex::Regex;
use serde::{Deserialize, Deserializer};

use crate::project::node::Value;

/// A schema node. Keywords that the Compose schema does not use are not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "type")]
    pub types: Types,
    pub properties: IndexMap<String, Schema>,
    pub pattern_properties: IndexMap<KeyPattern, Schema>,
    pub additional_properties: Additional,
    pub items: Option<Box<Schema>>,
    pub one_of: Vec<Schema>,
    pub required: Vec<String>,
    #[serde(rename = "enum")]
    pub allowed: Vec<String>,
    pub unique_items: bool,
    pub minimum: Option<i64>,
    pub maximum: Option<i64>,
    pub pattern: Option<TextPattern>,
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(rename = "$defs")]
    pub definitions: IndexMap<String, Schema>,
}

/// Whether keys that no property names are allowed.
#[derive(Debug)]
pub struct Additional(pub bool);

impl Default for Additional {
    fn default() -> Self {
        Self(true)
    }
}

impl<'de> Deserialize<'de> for Additional {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bool::deserialize(deserializer).map(Self)
    }
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

impl Type {
    pub fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Type::Integer, Value::Float(number)) => number.fract() == 0.0,
            (Type::Array, Value::Sequence(_))
            | (Type::Boolean, Value::Bool(_))
            | (Type::Integer | Type::Number, Value::Int(_))
            | (Type::Number, Value::Float(_))
            | (Type::Null, Value::Null)
            | (Type::Object, Value::Mapping(_))
            | (Type::String, Value::String(_)) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Type::Array => "array",
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Null => "null",
            Type::Number => "number",
            Type::Object => "mapping",
            Type::String => "string",
        })
    }
}

/// One type or several; none means any.
#[derive(Debug, Default)]
pub struct Types(pub Vec<Type>);

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(Type),
            Many(Vec<Type>),
        }
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(one) => Types(vec![one]),
            OneOrMany::Many(many) => Types(many),
        })
    }
}

/// A pattern over keys. The schema uses few, so those are written out: compiling them at every start costs milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyPattern {
    Extension,
    Name,
    LowerLetters,
    NotEmpty,
}

impl KeyPattern {
    pub fn matches(&self, key: &str) -> bool {
        let all = |allowed: fn(u8) -> bool| !key.is_empty() && key.bytes().all(allowed);
        match self {
            KeyPattern::Extension => key.starts_with("x-"),
            KeyPattern::Name => {
                all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
            }
            KeyPattern::LowerLetters => all(|byte| byte.is_ascii_lowercase()),
            KeyPattern::NotEmpty => !key.is_empty(),
        }
    }
}

impl<'de> Deserialize<'de> for KeyPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "^x-" => Ok(KeyPattern::Extension),
            "^[a-zA-Z0-9._-]+$" => Ok(KeyPattern::Name),
            "^[a-z]+$" => Ok(KeyPattern::LowerLetters),
            ".+" | "^.+$" => Ok(KeyPattern::NotEmpty),
            other => Err(serde::de::Error::custom(format!("unknown key pattern {other}"))),
        }
    }
}

/// A pattern over text, compiled when first asked.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct TextPattern {
    pub source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for TextPattern {
    fn from(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }
}

impl TextPattern {
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.source).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}
