//! One entry of `ulimits`, which is a number or a pair.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Extensions;
use crate::project::decode::decode;
use crate::project::node::{Node, Value};

/// One resource limit.
#[derive(Clone, Debug)]
pub enum Ulimit {
    /// Soft and hard limit at once.
    Single(i64),
    /// Each on its own.
    Pair {
        /// Soft limit.
        soft: i64,
        /// Hard limit.
        hard: i64,
        /// `x-*`.
        extensions: Extensions,
    },
}

impl Ulimit {
    /// Soft and hard limit, whichever way they were written.
    pub fn soft_and_hard(&self) -> (i64, i64) {
        match self {
            Ulimit::Single(both) => (*both, *both),
            Ulimit::Pair { soft, hard, .. } => (*soft, *hard),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pair {
    soft: i64,
    hard: i64,
    #[serde(rename = "\0extensions")]
    extensions: Extensions,
}

impl<'de> Deserialize<'de> for Ulimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        if !matches!(node.value, Value::Mapping(_)) {
            return decode(&node).map(Ulimit::Single).map_err(D::Error::custom);
        }
        let Pair { soft, hard, extensions } = decode(&node).map_err(D::Error::custom)?;
        Ok(Ulimit::Pair { soft, hard, extensions })
    }
}

impl Serialize for Ulimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Ulimit::Single(both) => serializer.serialize_i64(*both),
            Ulimit::Pair { soft, hard, extensions } => {
                let mut fields = serializer.serialize_struct("Ulimit", 3)?;
                // Zero is a limit like others: Some keeps it.
                fields.serialize_field("soft", &Some(soft))?;
                fields.serialize_field("hard", &Some(hard))?;
                fields.serialize_field("\0extensions", extensions)?;
                fields.end()
            }
        }
    }
}
