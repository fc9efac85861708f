//! The tree every pass works on: YAML values with the place each was written at.
//!
//! Owns the data type and small questions about it. Reading YAML is `yaml`; turning it into typed fields is `decode`.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use super::mapping::Mapping;
use super::source::Span;
use super::spelling::float;

/// A value and where it was written.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where; `Span::default()` for values Wharf made.
    pub span: Span,
}

/// A YAML value after tag resolution. Maps keep the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A floating point number.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A map.
    Mapping(Mapping),
}

/// A map's value and where its key was written.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Where the key was written.
    pub key_span: Span,
    /// The value.
    pub node: Node,
}

/// Equal values are equal wherever they were written.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Value {
    /// The kind as Compose names it in messages.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::Float(_) => "number",
            Value::String(_) => "string",
            Value::Sequence(_) => "array",
            Value::Mapping(_) => "mapping",
        }
    }

    /// A scalar as text (`1.10` is `1.1`, null is empty); `None` for lists and maps.
    pub fn scalar_text(&self) -> Option<String> {
        Some(match self {
            Value::Null => String::new(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => float::format(*value),
            Value::String(value) => value.clone(),
            Value::Sequence(_) | Value::Mapping(_) => return None,
        })
    }
}

impl Node {
    /// A value at a place.
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span }
    }

    /// Text at a place.
    pub fn string(text: impl Into<String>, span: Span) -> Self {
        Self::new(Value::String(text.into()), span)
    }

    /// A map at a place.
    pub fn mapping(entries: Mapping, span: Span) -> Self {
        Self::new(Value::Mapping(entries), span)
    }

    /// A list at a place.
    pub fn sequence(items: Vec<Node>, span: Span) -> Self {
        Self::new(Value::Sequence(items), span)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The map of a map node.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        if let Value::Mapping(entries) = &self.value { Some(entries) } else { None }
    }

    /// The map of a map node, to change.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        if let Value::Mapping(entries) = &mut self.value { Some(entries) } else { None }
    }

    /// The items of a list node.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        if let Value::Sequence(items) = &self.value { Some(items) } else { None }
    }

    /// The items of a list node, to change.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Vec<Node>> {
        if let Value::Sequence(items) = &mut self.value { Some(items) } else { None }
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key).map(|entry| &entry.node)
    }

    /// The value under a key of a map, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_mapping_mut()?.get_mut(key).map(|entry| &mut entry.node)
    }

    /// The value under a key of a map, or at a position of a list.
    pub fn child(&self, step: &str) -> Option<&Node> {
        match &self.value {
            Value::Mapping(entries) => entries.get(step).map(|entry| &entry.node),
            Value::Sequence(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// A text that equal values share and different ones do not: for sets and maps of values.
    pub fn identity(&self) -> String {
        // A tree of text keys always prints as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Sets a key of a map; a node that is no map stays as it is.
    pub fn set(&mut self, key: &str, node: Node) {
        if let Some(entries) = self.as_mapping_mut() {
            let key_span = node.span;
            entries.insert(key.to_owned(), Entry { key_span, node });
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Node::string(text, Span::default())
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Node::new(Value::Bool(value), Span::default())
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Node::new(Value::Int(value.into()), Span::default())
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(ValueVisitor)?;
        Ok(Node::new(value, Span::default()))
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Mapping::new();
        while let Some((key, node)) = access.next_entry::<String, Node>()? {
            entries.insert(key, Entry { key_span: Span::default(), node });
        }
        Ok(Value::Mapping(entries))
    }
}

impl serde::Serialize for Node {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => match i64::try_from(*value) {
                Ok(small) => serializer.serialize_i64(small),
                Err(_) => serializer.serialize_i128(*value),
            },
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::Sequence(items) => serializer.collect_seq(items),
            Value::Mapping(entries) => {
                serializer.collect_map(entries.iter().map(|(key, entry)| (key, &entry.node)))
            }
        }
    }
}
