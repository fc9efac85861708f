//! A serde serializer that leaves fields out as Go's encoders do, and gives a tree.
//!
//! | field | JSON | YAML |
//! |---|---|---|
//! | zero value | left out | left out |
//! | zero value inside an `Option` | kept | kept |
//! | struct without content | kept as `{}` | left out |
//! | `Command` of the image | `null` | left out |
//! | `x-*` | left out | beside the other fields |

use std::fmt;

use serde::ser::{self, Serialize};

use super::is_empty;
use super::order::compare;
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::spelling::duration;

/// Which of Go's encoders to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `encoding/json`.
    Json,
    /// `go-yaml`.
    Yaml,
}

/// The tree of a value.
pub fn tree(value: &impl Serialize, form: Form) -> Node {
    // The model serializes without errors of its own, and this serializer has none.
    value.serialize(Writer { form }).map(|written| node(written.value)).unwrap_or_default()
}

fn node(value: Value) -> Node {
    Node::new(value, Default::default())
}

/// A value, and whether a field that holds it is left out.
struct Written {
    value: Value,
    left_out: bool,
}

impl From<Value> for Written {
    fn from(value: Value) -> Self {
        let left_out = is_empty(&value);
        Self { value, left_out }
    }
}

/// Serializing into a tree cannot fail; serde asks for a type all the same.
#[derive(Debug)]
struct Never(String);

impl fmt::Display for Never {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct Writer {
    form: Form,
}

type Result<T = Written> = std::result::Result<T, Never>;

macro_rules! integers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result {
            Ok(Value::Int(value.into()).into())
        }
    )*};
}

impl ser::Serializer for Writer {
    type Ok = Written;
    type Error = Never;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = ser::Impossible<Written, Never>;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = ser::Impossible<Written, Never>;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64
    );

    fn serialize_bool(self, value: bool) -> Result {
        Ok(Value::Bool(value).into())
    }

    /// Through the shortest text, so that 0.1 stays 0.1.
    fn serialize_f32(self, value: f32) -> Result {
        Ok(Value::Float(value.to_string().parse().unwrap_or_default()).into())
    }

    fn serialize_f64(self, value: f64) -> Result {
        Ok(Value::Float(value).into())
    }

    fn serialize_char(self, value: char) -> Result {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result {
        Ok(Value::String(value.to_owned()).into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        self.serialize_str(&String::from_utf8_lossy(value))
    }

    fn serialize_none(self) -> Result {
        Ok(Value::Null.into())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        let written = value.serialize(self)?;
        Ok(Written { left_out: false, ..written })
    }

    fn serialize_unit(self) -> Result {
        Ok(Value::Null.into())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result {
        let written = value.serialize(self)?;
        Ok(match (name, &written.value) {
            ("Bytes", Value::Int(count)) => Written { value: Value::String(count.to_string()), ..written },
            ("Duration", Value::Int(nanoseconds)) => {
                let text = duration::format(i64::try_from(*nanoseconds).unwrap_or(i64::MAX));
                Written { value: Value::String(text), ..written }
            }
            ("FileMode", Value::Int(mode)) => {
                Written { value: Value::String(format!("0{mode:o}")), ..written }
            }
            ("Command", Value::Null) => Written { left_out: self.form == Form::Yaml, ..written },
            _ => written,
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items> {
        Ok(Items { form: self.form, items: Vec::new() })
    }

    fn serialize_tuple(self, length: usize) -> Result<Items> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(ser::Error::custom("the model has no such variant"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries> {
        Ok(Entries { form: self.form, entries: Mapping::new(), key: String::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields> {
        Ok(Fields { form: self.form, entries: Mapping::new(), extensions: Mapping::new() })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(ser::Error::custom("the model has no such variant"))
    }
}

struct Items {
    form: Form,
    items: Vec<Node>,
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let written = value.serialize(Writer { form: self.form })?;
        self.items.push(node(written.value));
        Ok(())
    }

    fn finish(self) -> Result {
        Ok(Value::Sequence(self.items).into())
    }
}

impl ser::SerializeSeq for Items {
    type Ok = Written;
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Written;
    type Error = Never;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Written;
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        self.finish()
    }
}

struct Entries {
    form: Form,
    entries: Mapping,
    key: String,
}

impl ser::SerializeMap for Entries {
    type Ok = Written;
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        let written = key.serialize(Writer { form: self.form })?;
        self.key = written.value.scalar_text().unwrap_or_default();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let written = value.serialize(Writer { form: self.form })?;
        let key = std::mem::take(&mut self.key);
        self.entries.insert(key, Entry { node: node(written.value), ..Entry::default() });
        Ok(())
    }

    fn end(mut self) -> Result {
        let form = self.form;
        self.entries.sort_by(|a, _, b, _| compare(a, b, form));
        Ok(Value::Mapping(self.entries).into())
    }
}

struct Fields {
    form: Form,
    entries: Mapping,
    extensions: Mapping,
}

impl ser::SerializeStruct for Fields {
    type Ok = Written;
    type Error = Never;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        let written = value.serialize(Writer { form: self.form })?;
        match (key, written.value) {
            ("\0extensions", Value::Mapping(extensions)) => self.extensions = extensions,
            (key, value) if !written.left_out => {
                self.entries.insert(key.to_owned(), Entry { node: node(value), ..Entry::default() });
            }
            _ => {}
        }
        Ok(())
    }

    fn end(mut self) -> Result {
        if self.form == Form::Yaml {
            self.entries.extend(self.extensions);
        }
        let left_out = self.form == Form::Yaml && self.entries.is_empty();
        Ok(Written { value: Value::Mapping(self.entries), left_out })
    }
}
