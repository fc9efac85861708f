//! The values that limits of support are about.

use std::fmt;

use crate::project::Project;
use crate::project::node::{Node, Value};
use crate::project::spelling::bytes;

/// A value that the user wrote for an attribute.
#[derive(Clone, Copy)]
pub struct Use<'a> {
    /// The value.
    pub value: &'a Node,
    /// The map it stands in.
    pub parent: &'a Node,
    /// The project it is part of.
    pub project: &'a Project,
}

/// Some of the values that an attribute may have.
#[derive(Clone, Copy)]
pub struct Case {
    /// What they are; empty for all that say anything.
    pub name: &'static str,
    /// The part of a value that makes it one of them.
    pub find: for<'a> fn(Use<'a>) -> Option<&'a Node>,
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Case({:?})", self.name)
    }
}

/// A [`Case`] of single values, or of items of a list, by their text.
macro_rules! text_cases {
    ($($name:ident = $title:literal, $test:expr;)*) => {$(
        pub const $name: Case = Case { name: $title, find: |used| {
            let test: fn(&str) -> bool = $test;
            scalars(used.value).find(|node| node.value.scalar_text().is_some_and(|text| !text.is_empty() && test(&text)))
        }};
    )*};
}

text_cases! {
    LOG_DRIVERS = "other drivers", |text| !matches!(text, "json-file" | "local" | "none");
    PERIODS = "`daily`, `weekly`, `every_…` and `refresh`", is_period;
    RESTART = "unknown policies", |text| !is_restart_policy(text);
    RESTART_CONDITION = "unknown conditions", |text| !matches!(text, "none" | "on-failure" | "any");
    FAILURE_ACTION = "unknown actions", |text| !matches!(text, "pause" | "continue" | "rollback");
    ROLLBACK_FAILURE_ACTION = "unknown actions", |text| !matches!(text, "pause" | "continue");
    IPC_MODES = "other modes", |text| !matches!(text, "private" | "shareable" | "host") && !joins(text);
    PID_MODES = "other modes", |text| text != "host" && !joins(text);
    NOT_DEFAULT = "other values than `default`", |text| text != "default";
    NOT_HOST = "other values than `host`", |text| text != "host";
    NOT_FALSE = "other values than `false`", |text| text != "false";
    NOT_REPLICATED = "other values than `replicated`", |text| text != "replicated";
    FALSE = "`false`", |text| text == "false";
    ISOLATIONS = "other technologies", |text| !matches!(text, "default" | "process" | "hyperv");
    RUNTIMES = "other runtimes than `runc`", |text| !matches!(text, "runc" | "wharf");
    LABELLING = "`label`", |text| names_option(text, "label");
    TWO_GIGABYTES = "2 GiB and more", |text| bytes::parse(text).is_ok_and(|bytes| i32::try_from(bytes).is_err());
    MOUNT_TYPES = "`npipe` and `cluster`", |text| matches!(text, "npipe" | "cluster");
    WINDOWS_MOUNT = "`npipe`", |text| text == "npipe";
    SHARED = "`shared` and `rshared`", |text| matches!(text, "shared" | "rshared");
    NETWORK_DRIVERS = "other drivers", |text| !matches!(text, "bridge" | "host" | "none" | "null");
    BUILD_NETWORKS = "networks of the project", |text| !matches!(text, "host" | "none" | "default" | "bridge");
    IPV6_ADDRESS = "IPv6", |text| text.contains(':');
    ZERO = "`0`", |text| text == "0";
    VOLUME_DRIVERS = "other drivers", |text| text != "local";
}

/// Whatever says anything: neither null nor false nor empty.
pub const ALWAYS: Case =
    Case { name: "", find: |used| says_something(&used.value.value).then_some(used.value) };

/// More than one item.
pub const SEVERAL: Case = Case { name: "several", find: |used| used.value.as_sequence()?.get(1) };

/// A device that is a CDI name (`vendor/class=name`) and no path.
pub const CDI: Case = Case {
    name: "CDI names",
    find: |used| {
        let is_cdi = |device: &&Node| {
            let source = device.get("source").and_then(Node::as_str);
            source.is_some_and(|source| source.contains('=') && !source.starts_with('/'))
        };
        used.value.as_sequence()?.iter().find(is_cdi)
    },
};

/// A reference to a secret or config that is a file of the host.
pub const FROM_FILE: Case = Case {
    name: "content from a `file`",
    find: |used| {
        let source = used.parent.get("source")?.as_str()?;
        let objects = [&used.project.secrets, &used.project.configs];
        let is_file = |object: &crate::project::model::FileObject| !object.file.is_empty();
        objects.iter().any(|map| map.get(source).is_some_and(is_file)).then_some(used.value)
    },
};

/// A reference to a secret that is not the project's own.
pub const EXTERNAL: Case = Case {
    name: "an external secret",
    find: |used| {
        let secret = used.project.secrets.get(used.value.as_str()?)?;
        secret.external.then_some(used.value)
    },
};

/// A name that was written for a secret or config of the project's own. Loading gives every one a name; its place is
/// that of the key above, before the map itself.
pub const NOT_EXTERNAL: Case = Case {
    name: "of one that is not external",
    find: |used| {
        let external = used.parent.get("external").is_some_and(|node| says_something(&node.value));
        let (name, whole) = (used.value.span, used.parent.span);
        let written = name.file != whole.file || name.start >= whole.start;
        (written && !external).then_some(used.value)
    },
};

/// `rollback_config` of a service that has no `update_config`.
pub const WITHOUT_UPDATE: Case = Case {
    name: "without `update_config`",
    find: |used| {
        let update = used.parent.get("update_config").is_some_and(|node| node.as_mapping().is_some());
        (!update && says_something(&used.value.value)).then_some(used.value)
    },
};

pub const ENDPOINT_OPTIONS: Case = Case {
    name: "other options",
    find: |used| option(used, |name, _| name != "com.docker.network.endpoint.ifname"),
};

/// Labels that every container of a project carries (compose-surface 3.5).
pub const RESERVED: Case = Case {
    name: "`com.docker.compose.…`",
    find: |used| option(used, |name, _| name.starts_with("com.docker.compose.")),
};

pub const NETWORK_OPTIONS: Case =
    Case { name: "see the limits", find: |used| option(used, is_foreign_network_option) };

pub const VOLUME_OPTIONS: Case = Case {
    name: "other options",
    find: |used| option(used, |name, _| !matches!(name, "type" | "o" | "device")),
};

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Sequence(items) => !items.is_empty(),
        Value::Mapping(entries) => !entries.is_empty(),
        _ => true,
    }
}

fn scalars(value: &Node) -> impl Iterator<Item = &Node> {
    let items = value.as_sequence().unwrap_or_default();
    items.iter().chain((!matches!(value.value, Value::Sequence(_))).then_some(value))
}

fn option(used: Use<'_>, test: fn(&str, &str) -> bool) -> Option<&Node> {
    let entries = used.value.as_mapping()?;
    let found =
        entries.iter().find(|(name, entry)| test(name, &entry.node.value.scalar_text().unwrap_or_default()));
    found.map(|(_, entry)| &entry.node)
}

fn names_option(text: &str, name: &str) -> bool {
    text.strip_prefix(name).is_some_and(|rest| rest.starts_with(['=', ':']))
}

/// Whether a mode takes the namespace of another container.
fn joins(mode: &str) -> bool {
    mode.starts_with("service:") || mode.starts_with("container:")
}

fn is_period(policy: &str) -> bool {
    matches!(policy, "daily" | "weekly" | "refresh") || policy.starts_with("every_")
}

fn is_restart_policy(text: &str) -> bool {
    let (name, count) = text.split_once(':').map_or((text, None), |(name, count)| (name, Some(count)));
    match count {
        Some(count) => name == "on-failure" && count.parse::<u32>().is_ok(),
        None => matches!(name, "no" | "always" | "unless-stopped" | "on-failure"),
    }
}

/// Options in Docker's own name space that the built-in bridge driver does not have (contract 3.2.2). Others are notes
/// of the user's that no driver reads.
fn is_foreign_network_option(name: &str, value: &str) -> bool {
    let Some(option) = name.strip_prefix("com.docker.network.") else { return false };
    match option {
        "bridge.gateway_mode_ipv4" => !matches!(value, "" | "nat"),
        option => !matches!(
            option,
            "bridge.name"
                | "bridge.enable_ip_masquerade"
                | "bridge.enable_icc"
                | "bridge.host_binding_ipv4"
                | "bridge.default_bridge"
                | "driver.mtu"
                | "container_iface_prefix"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_policies() {
        for good in ["no", "always", "unless-stopped", "on-failure", "on-failure:3"] {
            assert!(is_restart_policy(good), "{good}");
        }
        for wrong in ["sometimes", "always:3", "on-failure:x", ""] {
            assert!(!is_restart_policy(wrong), "{wrong}");
        }
    }

    #[test]
    fn notes_of_the_user_are_no_options() {
        assert!(!is_foreign_network_option("team", "ml"));
        assert!(!is_foreign_network_option("com.docker.network.driver.mtu", "1400"));
        assert!(is_foreign_network_option("com.docker.network.bridge.gateway_mode_ipv4", "routed"));
        assert!(is_foreign_network_option("com.docker.network.bridge.inhibit_ipv4", "true"));
    }
}
