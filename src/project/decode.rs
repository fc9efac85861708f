//! From a canonical tree to typed fields: a serde deserializer over nodes.
//!
//! Three things a plain deserializer cannot do: a struct may ask for its own span (`"\0span"`), for the span of the key it
//! stands under (`"\0key_span"`), and for the keys that none of its fields takes (`"\0extensions"`). A struct that does not
//! ask for the latter refuses unknown keys: nothing is dropped. Null is the empty value of any type, as in Compose.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::node::{Entry, Mapping, Node, Value};
use super::source::Span;

const SPAN: &str = "\0span";
const KEY_SPAN: &str = "\0key_span";
const EXTENSIONS: &str = "\0extensions";
const SYNTHETIC: [&str; 3] = [SPAN, KEY_SPAN, EXTENSIONS];

/// A value that does not fit its field.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// What does not fit.
    pub message: String,
    /// The value.
    pub span: Span,
}

impl DecodeError {
    fn at(mut self, span: Span) -> Self {
        self.span = self.span.or(span);
        self
    }
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: Span::default() }
    }
}

/// Reads a typed value from a tree.
///
/// # Errors
/// The first value that does not fit, with its place.
pub fn decode<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, DecodeError> {
    T::deserialize(Reader { node, key_span: node.span }).map_err(|error| error.at(node.span))
}

#[derive(Clone, Copy)]
struct Reader<'de> {
    node: &'de Node,
    key_span: Span,
}

impl<'de> Reader<'de> {
    fn of_entry(entry: &'de Entry) -> Self {
        Self { node: &entry.node, key_span: entry.key_span }
    }

    fn mismatch(&self, expected: &str) -> DecodeError {
        DecodeError {
            message: format!("expected {expected}, found {}", self.node.value.kind_name()),
            span: self.node.span,
        }
    }

    fn integer(&self) -> Result<i128, DecodeError> {
        match &self.node.value {
            Value::Null => Ok(0),
            Value::Int(value) => Ok(*value),
            Value::Float(value) => truncated(*value).ok_or_else(|| self.mismatch("an integer")),
            Value::String(text) => text.trim().parse().map_err(|_| self.mismatch("an integer")),
            _ => Err(self.mismatch("an integer")),
        }
    }

    fn float(&self) -> Result<f64, DecodeError> {
        match &self.node.value {
            Value::Null => Ok(0.0),
            #[expect(
                clippy::cast_precision_loss,
                reason = "a number of CPUs or a ratio; Compose rounds the same way"
            )]
            Value::Int(value) => Ok(*value as f64),
            Value::Float(value) => Ok(*value),
            Value::String(text) => text.trim().parse().map_err(|_| self.mismatch("a number")),
            _ => Err(self.mismatch("a number")),
        }
    }

    fn boolean(&self) -> Result<bool, DecodeError> {
        match &self.node.value {
            Value::Null => Ok(false),
            Value::Bool(value) => Ok(*value),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err(self.mismatch("a boolean")),
        }
    }
}

/// Where the schema allows any number, Compose cuts the fraction off.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the fraction is to go")]
fn truncated(value: f64) -> Option<i128> {
    (value.abs() < 1e18).then_some(value as i128)
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let value = self.integer()?;
            let narrow = <$type>::try_from(value).map_err(|_| DecodeError {
                message: format!("{value} is out of range"),
                span: self.node.span,
            })?;
            visitor.$visit(narrow)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = DecodeError;

    integers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i128(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Sequence(items) => visitor.visit_seq(Items(items.iter())),
            Value::Mapping(entries) => visitor.visit_map(Entries::all(entries)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            other => visitor.visit_string(other.scalar_text().ok_or_else(|| self.mismatch("a string"))?),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Null => visitor.visit_seq(Items([].iter())),
            Value::Sequence(items) => visitor.visit_seq(Items(items.iter())),
            _ => Err(self.mismatch("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Null => visitor.visit_map(Entries::none()),
            Value::Mapping(entries) => visitor.visit_map(Entries::all(entries)),
            _ => Err(self.mismatch("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let entries = match &self.node.value {
            Value::Null => Entries::none(),
            Value::Mapping(entries) => Entries::all(entries),
            _ => return Err(self.mismatch("a mapping")),
        };
        visitor.visit_map(Fields {
            entries,
            fields,
            spans: (self.node.span, self.key_span),
            next: Next::Synthetic(0),
            left: Vec::new(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let text = self.node.as_str().ok_or_else(|| self.mismatch("a string"))?;
        visitor
            .visit_enum(IntoDeserializer::<DecodeError>::into_deserializer(text))
            .map_err(|error| error.at(self.node.span))
    }

    serde::forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.0.next() else { return Ok(None) };
        seed.deserialize(Reader { node, key_span: node.span }).map(Some).map_err(|error| error.at(node.span))
    }
}

struct Entries<'de> {
    rest: Option<indexmap::map::Iter<'de, String, Entry>>,
    current: Option<&'de Entry>,
}

impl<'de> Entries<'de> {
    fn all(entries: &'de Mapping) -> Self {
        Self { rest: Some(entries.iter()), current: None }
    }

    fn none() -> Self {
        Self { rest: None, current: None }
    }

    fn value<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        let entry = self.current.take().ok_or_else(|| de::Error::custom("value asked for before its key"))?;
        seed.deserialize(Reader::of_entry(entry)).map_err(|error| error.at(entry.node.span))
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, entry)) = self.rest.as_mut().and_then(Iterator::next) else { return Ok(None) };
        self.current = Some(entry);
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        self.value(seed)
    }
}

/// What a [`Fields`] hands out next.
enum Next {
    Synthetic(usize),
    Value,
    Extensions,
    Nothing,
}

/// The entries of a map as a struct's fields: spans first, then known keys, at last the rest as one field.
struct Fields<'de> {
    entries: Entries<'de>,
    fields: &'static [&'static str],
    spans: (Span, Span),
    next: Next,
    left: Vec<(&'de str, &'de Entry)>,
}

impl<'de> Fields<'de> {
    fn next_known(&mut self) -> Result<Option<&'de str>, DecodeError> {
        while let Some((key, entry)) = self.entries.rest.as_mut().and_then(Iterator::next) {
            if self.fields.contains(&key.as_str()) && !SYNTHETIC.contains(&key.as_str()) {
                self.entries.current = Some(entry);
                return Ok(Some(key));
            }
            if !self.fields.contains(&EXTENSIONS) {
                return Err(DecodeError { message: format!("unknown key {key:?}"), span: entry.key_span });
            }
            self.left.push((key, entry));
        }
        Ok(None)
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        if let Next::Synthetic(index) = self.next {
            if let Some(offset) = SYNTHETIC[index..2].iter().position(|name| self.fields.contains(name)) {
                self.next = Next::Synthetic(index + offset);
                return seed.deserialize(StrDeserializer::new(SYNTHETIC[index + offset])).map(Some);
            }
            self.next = Next::Value;
        }
        if let Some(key) = self.next_known()? {
            return seed.deserialize(StrDeserializer::new(key)).map(Some);
        }
        if matches!(self.next, Next::Nothing) || self.left.is_empty() {
            return Ok(None);
        }
        self.next = Next::Extensions;
        seed.deserialize(StrDeserializer::new(EXTENSIONS)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        match self.next {
            Next::Synthetic(index) => {
                self.next = Next::Synthetic(index + 1);
                seed.deserialize(span_reader(if index == 0 { self.spans.0 } else { self.spans.1 }))
            }
            Next::Extensions => {
                self.next = Next::Nothing;
                let left = std::mem::take(&mut self.left);
                seed.deserialize(Leftovers(left.into_iter()))
            }
            Next::Value | Next::Nothing => self.entries.value(seed),
        }
    }
}

fn span_reader(span: Span) -> SeqDeserializer<std::array::IntoIter<u32, 5>, DecodeError> {
    SeqDeserializer::new([span.file.number(), span.start, span.end, span.line, span.column].into_iter())
}

struct Leftovers<'de>(std::vec::IntoIter<(&'de str, &'de Entry)>);

impl<'de> de::Deserializer<'de> for Leftovers<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(LeftoverEntries { rest: self.0, current: None })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct LeftoverEntries<'de> {
    rest: std::vec::IntoIter<(&'de str, &'de Entry)>,
    current: Option<&'de Entry>,
}

impl<'de> MapAccess<'de> for LeftoverEntries<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, entry)) = self.rest.next() else { return Ok(None) };
        self.current = Some(entry);
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        let entry = self.current.take().ok_or_else(|| de::Error::custom("value asked for before its key"))?;
        seed.deserialize(Reader::of_entry(entry))
    }
}
