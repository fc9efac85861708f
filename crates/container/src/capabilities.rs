//! Sets of Linux capabilities, their names, and Docker's algebra of adding and dropping (contract 1.6).
//!
//! Applying a set to a process is the business of the launch.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names in the order of their numbers (`linux/capability.h` of kernel 5.9 and later).
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The 14 that Docker leaves to a container (contract 1.6.1).
const DOCKER_DEFAULTS: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// A set of capabilities. In JSON: a list of names with the prefix `CAP_`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Capabilities(u64);

/// A capability name the kernel does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid capability: {0:?}")]
pub struct UnknownCapability(pub String);

impl Capabilities {
    /// The empty set.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Every capability known to this program.
    pub const fn all() -> Self {
        Self((1 << NAMES.len()) - 1)
    }

    /// Docker's default set.
    pub fn docker_defaults() -> Self {
        NAMES
            .iter()
            .enumerate()
            .filter(|(_, name)| DOCKER_DEFAULTS.contains(name))
            .fold(Self::none(), |set, (number, _)| Self(set.0 | 1 << number))
    }

    /// The set for `cap_add` and `cap_drop` over Docker's default, by the rules of contract 1.6.3.
    ///
    /// # Errors
    /// A name in either list that is no capability (`ALL` is one).
    pub fn docker_with(add: &[String], drop: &[String]) -> Result<Self, UnknownCapability> {
        let (adds_all, added) = parse_list(add)?;
        let (drops_all, dropped) = parse_list(drop)?;
        Ok(match (adds_all, drops_all) {
            (true, _) => Self(Self::all().0 & !dropped.0),
            (false, true) => added,
            (false, false) => Self(Self::docker_defaults().0 & !dropped.0 | added.0),
        })
    }

    /// The set as the kernel's bit mask: bit N is capability number N.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The set of a kernel bit mask; unknown bits are dropped.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::all().0)
    }

    /// What is in both sets.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `name` (upper case, with or without `CAP_`) is in the set.
    pub fn contains(self, name: &str) -> bool {
        number(name).is_some_and(|number| self.0 & 1 << number != 0)
    }

    /// The names with prefix, in the order of their numbers.
    pub fn names(self) -> impl Iterator<Item = String> {
        let named = NAMES.iter().enumerate();
        named.filter(move |(number, _)| self.0 & 1 << number != 0).map(|(_, name)| format!("CAP_{name}"))
    }

    /// The capability numbers known to this program.
    pub(crate) fn numbers() -> std::ops::Range<u32> {
        0..NAMES.len() as u32
    }
}

fn parse_list(names: &[String]) -> Result<(bool, Capabilities), UnknownCapability> {
    let mut all = false;
    let mut set = Capabilities::none();
    for name in names {
        let upper = name.to_ascii_uppercase();
        match number(&upper) {
            Some(number) => set.0 |= 1 << number,
            None if upper == "ALL" => all = true,
            None => return Err(UnknownCapability(name.clone())),
        }
    }
    Ok((all, set))
}

fn number(name: &str) -> Option<usize> {
    let bare = name.strip_prefix("CAP_").unwrap_or(name);
    NAMES.iter().position(|known| *known == bare)
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Serialize for Capabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Capabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let (all, set) = parse_list(&names).map_err(serde::de::Error::custom)?;
        Ok(if all { Self::all() } else { set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_default_set_is_dockers() {
        assert_eq!(Capabilities::docker_defaults().bits(), 0xa804_25fb);
    }

    #[test]
    fn names_are_case_insensitive_and_the_prefix_is_optional() {
        let set = Capabilities::docker_with(&list(&["cap_net_admin"]), &list(&["Chown"])).unwrap();
        assert!(set.contains("NET_ADMIN") && set.contains("CAP_KILL") && !set.contains("CHOWN"));
    }

    #[test]
    fn all_means_all() {
        let all_but_one = Capabilities::docker_with(&list(&["ALL"]), &list(&["SYS_ADMIN"])).unwrap();
        assert_eq!(all_but_one.bits(), Capabilities::all().bits() & !(1 << 21));
        let only_added = Capabilities::docker_with(&list(&["CHOWN"]), &list(&["all"])).unwrap();
        assert_eq!(only_added.bits(), 1);
        let both = Capabilities::docker_with(&list(&["ALL"]), &list(&["ALL"])).unwrap();
        assert_eq!(both, Capabilities::all());
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let error = Capabilities::docker_with(&list(&["SYS_MAGIC"]), &[]).unwrap_err();
        assert_eq!(error.to_string(), "invalid capability: \"SYS_MAGIC\"");
    }

    #[test]
    fn the_json_form_is_a_list_of_names() {
        let set = Capabilities::from_bits(0b11);
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["CAP_CHOWN","CAP_DAC_OVERRIDE"]"#);
        assert_eq!(serde_json::from_str::<Capabilities>(r#"["CAP_CHOWN","DAC_OVERRIDE"]"#).unwrap(), set);
    }
}
