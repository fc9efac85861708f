//! Values with a unit or with an own spelling: byte counts, durations, file modes, commands.
//!
//! Serialization goes through the newtypes' names: `render` knows how Compose prints each.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::project::node::{Node, Value};
use crate::project::spelling::{bytes, duration};

/// A number of bytes. Negative means unlimited where an attribute allows it (`memswap_limit: -1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Bytes(pub i64);

/// A span of time in nanoseconds, as Compose keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Duration(pub i64);

impl Duration {
    /// As the standard library's type; a negative duration is zero.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }
}

/// A 32-bit number: Compose keeps CPU counts and ratios so, which shows in the printed digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Number(pub f32);

/// Permission bits of a mounted secret or config.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileMode(pub u32);

/// A command line. `None`: the image's own; an empty list clears the image's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command(pub Option<Vec<String>>);

/// The `x-*` keys of one object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extensions(pub BTreeMap<String, Node>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)?.value {
            Value::Null => Ok(Bytes(0)),
            Value::Int(count) => i64::try_from(count).map(Bytes).map_err(D::Error::custom),
            Value::Float(count) => Err(D::Error::custom(format!(
                "{count} is no number of bytes: give it a unit, as in \"{count}g\""
            ))),
            Value::String(text) => bytes::parse(&text).map(Bytes).map_err(D::Error::custom),
            other => Err(D::Error::custom(format!("a byte count cannot be {}", other.kind_name()))),
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Duration(0)) };
        duration::parse(&text).map(Duration).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for FileMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)?.value {
            Value::Int(mode) => u32::try_from(mode).map(FileMode).map_err(D::Error::custom),
            Value::String(text) => u32::from_str_radix(&text, 8)
                .map(FileMode)
                .map_err(|_| D::Error::custom(format!("invalid file mode {text:?}: expected octal digits"))),
            other => Err(D::Error::custom(format!("a file mode cannot be {}", other.kind_name()))),
        }
    }
}
