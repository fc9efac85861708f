//! Device nodes and device access rules, as data, with Docker's defaults (contract 1.4).

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A device node to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceNode {
    /// Absolute path in the container.
    pub path: PathBuf,
    /// Character or block.
    pub kind: DeviceKind,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// Character or block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// Character device.
    #[serde(rename = "c")]
    Character,
    /// Block device.
    #[serde(rename = "b")]
    Block,
}

/// One rule of the device cgroup. `None` as a number is every number, `None` as kind is both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRule {
    /// Allow or deny.
    pub allow: bool,
    /// Character, block, or both.
    pub kind: Option<DeviceKind>,
    /// Major number.
    pub major: Option<u32>,
    /// Minor number.
    pub minor: Option<u32>,
    /// For which accesses.
    pub access: DeviceAccess,
}

/// Kinds of access to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceAccess {
    /// `r`
    pub read: bool,
    /// `w`
    pub write: bool,
    /// `m`
    pub make_node: bool,
}

impl DeviceAccess {
    /// `rwm`.
    pub const ALL: Self = Self { read: true, write: true, make_node: true };
    /// `m`.
    pub const MAKE_NODE: Self = Self { read: false, write: false, make_node: true };

    /// Parses a non-empty combination of the letters `rwm` (contract 1.4.4); none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut access = Self { read: false, write: false, make_node: false };
        for letter in text.chars() {
            match letter {
                'r' => access.read = true,
                'w' => access.write = true,
                'm' => access.make_node = true,
                _ => return None,
            }
        }
        (!text.is_empty()).then_some(access)
    }
}

impl fmt::Display for DeviceAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(self.read, "r"), (self.write, "w"), (self.make_node, "m")];
        letters.iter().filter(|(set, _)| *set).try_for_each(|(_, letter)| f.write_str(letter))
    }
}

impl DeviceRule {
    /// Allow everything: privileged containers.
    pub const ALLOW_ALL: Self =
        Self { allow: true, kind: None, major: None, minor: None, access: DeviceAccess::ALL };
    /// Deny everything: the first of the default rules.
    pub const DENY_ALL: Self = Self { allow: false, ..Self::ALLOW_ALL };

    /// Allow (or deny) one device for `access`.
    pub const fn device(
        allow: bool,
        kind: DeviceKind,
        major: u32,
        minor: Option<u32>,
        access: DeviceAccess,
    ) -> Self {
        Self { allow, kind: Some(kind), major: Some(major), minor, access }
    }

    /// The rule that lets `node` be used with `access`.
    pub const fn for_node(node: &DeviceNode, access: DeviceAccess) -> Self {
        Self::device(true, node.kind, node.major, Some(node.minor), access)
    }

    /// Parses `device_cgroup_rules` syntax: `c 1:3 rwm`, `a *:* r` (contract 1.4.6); none when malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (kind, numbers, access) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() {
            return None;
        }
        let kind = match kind {
            "a" => None,
            "b" => Some(DeviceKind::Block),
            "c" => Some(DeviceKind::Character),
            _ => return None,
        };
        let (major, minor) = numbers.split_once(':')?;
        Some(Self {
            allow: true,
            kind,
            major: parse_number(major)?,
            minor: parse_number(minor)?,
            access: DeviceAccess::parse(access)?,
        })
    }
}

fn parse_number(text: &str) -> Option<Option<u32>> {
    if text == "*" { Some(None) } else { text.parse().ok().map(Some) }
}

/// The nodes every container has (contract 1.4.1). `/dev/console` and the symbolic links are the child's
/// business.
pub fn default_device_nodes() -> Vec<DeviceNode> {
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)]
        .into_iter()
        .map(|(name, major, minor)| DeviceNode {
            path: PathBuf::from("/dev").join(name),
            kind: DeviceKind::Character,
            major,
            minor,
            mode: 0o666,
            uid: 0,
            gid: 0,
        })
        .collect()
}

/// Which devices a container may use by default (contract 1.4.2): deny all, make any node, use the harmless
/// ones.
pub fn default_device_rules() -> Vec<DeviceRule> {
    use DeviceKind::{Block, Character};
    let mut rules = vec![DeviceRule::DENY_ALL];
    rules.extend([Block, Character].map(|kind| DeviceRule {
        allow: true,
        kind: Some(kind),
        major: None,
        minor: None,
        access: DeviceAccess::MAKE_NODE,
    }));
    let usable = [
        (1, Some(3)),
        (1, Some(5)),
        (1, Some(7)),
        (1, Some(8)),
        (1, Some(9)),
        (5, Some(0)),
        (5, Some(1)),
        (5, Some(2)),
        (10, Some(200)),
        (136, None),
    ];
    rules.extend(
        usable.map(|(major, minor)| DeviceRule::device(true, Character, major, minor, DeviceAccess::ALL)),
    );
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_cgroup_rules_are_parsed_strictly() {
        let rule = DeviceRule::parse("c 10:* rm").unwrap();
        assert_eq!((rule.major, rule.minor), (Some(10), None));
        assert_eq!(rule.access.to_string(), "rm");
        assert_eq!(DeviceRule::parse("a *:* rwm"), Some(DeviceRule::ALLOW_ALL));
        for wrong in ["", "c 1:3", "c 1:3 ", "c 1:3 x", "d 1:3 r", "c 1 r", "c -1:3 r", "c 1:3 r w"] {
            assert_eq!(DeviceRule::parse(wrong), None, "{wrong:?}");
        }
    }
}
