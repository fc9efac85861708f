//! One entry of `ulimits`, which is a number or a pair.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Extensions;
use crate::project::node::{Node, Value};

/// One resource limit, written as a single number or as soft and hard.
#[derive(Clone, Debug, Default)]
pub struct Ulimit {
    /// Both at once; 0 when soft and hard are given.
    pub single: i64,
    /// Soft limit.
    pub soft: i64,
    /// Hard limit.
    pub hard: i64,
    /// `x-*`.
    pub extensions: Extensions,
}

impl Ulimit {
    /// Soft and hard limit, whichever way they were written.
    pub fn soft_and_hard(&self) -> (i64, i64) {
        if self.single == 0 { (self.soft, self.hard) } else { (self.single, self.single) }
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
            let single = crate::project::decode::decode(&node).map_err(D::Error::custom)?;
            return Ok(Ulimit { single, ..Ulimit::default() });
        }
        let pair: Pair = crate::project::decode::decode(&node).map_err(D::Error::custom)?;
        Ok(Ulimit { single: 0, soft: pair.soft, hard: pair.hard, extensions: pair.extensions })
    }
}

impl Serialize for Ulimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.single != 0 {
            return serializer.serialize_i64(self.single);
        }
        let mut fields = serializer.serialize_struct("Ulimit", 3)?;
        fields.serialize_field("soft", &self.soft)?;
        fields.serialize_field("hard", &self.hard)?;
        fields.serialize_field("\0extensions", &self.extensions)?;
        fields.end()
    }
}
