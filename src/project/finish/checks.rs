//! Attributes that exclude or need each other, on the tree (compose-surface 1.14).

use crate::project::diagnostic::Diagnostic;
use crate::project::errors::Errors;
use crate::project::node::{Node, Value};
use crate::project::path::{Trail, visit};

type Check = fn(&Node, &Trail<'_>) -> Option<Diagnostic>;

const TABLE: [(&str, Check); 8] = [
    ("volumes.*", external_volume),
    ("configs.*", config_source),
    ("secrets.*", secret_source),
    ("services.*.ports.[].host_ip", host_address),
    ("services.*.ports.[].target", container_port),
    ("services.*.develop.watch.[].path", watch_path),
    ("services.*.deploy.resources.reservations.devices.[]", device_request),
    ("services.*.gpus.[]", device_request),
];

/// Everything that contradicts itself.
pub fn check(tree: &mut Node, earlier: &Errors) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for (pattern, check) in TABLE {
        let section = pattern.strip_suffix(".*");
        visit(tree, pattern, &mut |node, trail| {
            // What an entry lacks because it was cut out is no error of its own.
            if !section.is_some_and(|section| earlier.is_damaged(section, trail.last())) {
                errors.extend(check(node, trail));
            }
        });
    }
    errors
}

fn is_true(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| value.value == Value::Bool(true))
}

fn external_volume(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    if !is_true(node, "external") {
        return None;
    }
    let entries = node.as_mapping()?;
    let other = |key: &str| !matches!(key, "name" | "external") && !key.starts_with("x-");
    let (key, entry) = entries.iter().find(|(key, _)| other(key))?;
    let message = format!("{trail}: conflicting parameters \"external\" and {key:?} specified");
    Some(
        Diagnostic::error("conflict", entry.key_span, message)
            .with_help("an external volume is not created, so it takes only a name"),
    )
}

fn config_source(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    source(node, trail, &["file", "environment", "content"])
}

fn secret_source(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    source(node, trail, &["file", "environment"])
}

/// Exactly one source, unless it comes from elsewhere.
fn source(node: &Node, trail: &Trail<'_>, keys: &[&str]) -> Option<Diagnostic> {
    let given: Vec<&&str> = keys.iter().filter(|key| node.get(key).is_some()).collect();
    match given.as_slice() {
        [_] => None,
        [] if is_true(node, "external") || node.get("driver").is_some() => None,
        [] => {
            let message = format!("{trail}: one of {} must be set", keys.join("|"));
            let help = format!("add one of {}, or `external: true` for one that exists", keys.join(", "));
            Some(Diagnostic::error("missing", node.span, message).with_help(help))
        }
        [first, second, ..] => {
            let shown: Vec<&str> = given.iter().map(|key| **key).collect();
            let message = format!("{trail}: {} attributes are mutually exclusive", shown.join("|"));
            let entries = node.as_mapping()?;
            let error = Diagnostic::error("conflict", entries.get(**second)?.key_span, message);
            let error = error.with_label(entries.get(**first)?.key_span, "the other one");
            Some(error.with_help("keep one of them"))
        }
    }
}

fn host_address(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    let text = node.as_str()?;
    let bad = !text.is_empty() && text.parse::<std::net::IpAddr>().is_err();
    let error = || Diagnostic::error("port", node.span, format!("{trail}: invalid ip address: {text}"));
    bad.then(|| error().with_help("write an address such as 127.0.0.1 or ::1"))
}

/// Compose lets 0 pass and then prints a port without a target, which does not load.
fn container_port(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    let Value::Int(port) = node.value else { return None };
    let message = format!("{trail}: container port {port} is out of range");
    (!(1..=65535).contains(&port))
        .then(|| Diagnostic::error("port", node.span, message).with_help("ports go from 1 to 65535"))
}

fn watch_path(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    let blank = node.as_str()?.is_empty();
    let error = || Diagnostic::error("watch", node.span, format!("{trail}: value can't be blank"));
    blank.then(|| error().with_help("name the file or directory to watch"))
}

fn device_request(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    let (count, ids) = (node.get("count")?, node.get("device_ids")?);
    let message = format!("{trail}: \"count\" and \"device_ids\" attributes are exclusive");
    Some(
        Diagnostic::error("conflict", count.span, message)
            .with_label(ids.span, "devices named here")
            .with_help("remove one of the two"),
    )
}
