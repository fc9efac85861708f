//! What Compose adds to every project: the default network, real names, implied dependencies (compose-surface 1.14).

use crate::project::combine::Scope;
use crate::project::node::{Entry, Mapping, Node, Value};
use crate::project::origin::Origins;
use crate::project::path::visit;
use crate::project::source::Span;

/// Normalises a complete tree.
///
/// Names without a value get it from the variables of `scope`, if there are any.
pub fn normalize(tree: &mut Node, name: &str, scope: Option<&Scope>, origins: &mut Origins) {
    default_network(tree);
    visit(tree, "services.*", &mut |service, _| {
        pull_policy(service);
        build(service, scope, origins);
        if let Some(entries) = service.get_mut("environment") {
            resolve(entries, scope, true, origins);
        }
        implied_dependencies(service);
        hook_images(service);
    });
    for section in ["networks", "volumes", "secrets", "configs"] {
        resource_names(tree, section, name);
    }
}

fn section<'a>(tree: &'a mut Node, name: &str) -> Option<&'a mut Mapping> {
    let top = tree.as_mapping_mut()?;
    let entry = top.entry(name.to_owned()).or_default();
    if entry.node.is_null() {
        entry.node.value = Value::Mapping(Mapping::new());
    }
    entry.node.as_mapping_mut()
}

/// A service that names no network is on `default`, which exists only when someone is.
fn default_network(tree: &mut Node) {
    let mut used = false;
    visit(tree, "services.*", &mut |service, _| {
        let elsewhere = service.get("provider").is_some()
            || service.get("network_mode").is_some_and(|mode| !mode.is_null());
        if elsewhere {
            return;
        }
        let names = service.get("networks").and_then(Node::as_mapping).filter(|names| !names.is_empty());
        match names {
            Some(names) => used |= names.contains_key("default"),
            None => {
                let mut networks = Node::mapping(Mapping::new(), Span::default());
                networks.set("default", Node::default());
                service.set("networks", networks);
                used = true;
            }
        }
    });
    if used && let Some(networks) = section(tree, "networks") {
        networks.entry("default".to_owned()).or_default();
    }
}

fn pull_policy(service: &mut Node) {
    if let Some(policy) =
        service.get_mut("pull_policy").filter(|policy| policy.as_str() == Some("if_not_present"))
    {
        policy.value = Value::String("missing".into());
    }
}

fn build(service: &mut Node, scope: Option<&Scope>, origins: &mut Origins) {
    let Some(build) = service.get_mut("build").filter(|build| build.as_mapping().is_some()) else { return };
    if build.get("context").is_none() {
        build.set("context", ".".into());
    }
    if build.get("dockerfile").is_none() && build.get("dockerfile_inline").is_none() {
        build.set("dockerfile", "Dockerfile".into());
    }
    if let Some(args) = build.get_mut("args") {
        resolve(args, scope, false, origins);
    }
}

/// Names without a value get it from the environment; `keep` says whether the others stay.
fn resolve(node: &mut Node, scope: Option<&Scope>, keep: bool, origins: &mut Origins) {
    let mut value_of = |name: &str, span: &mut Span| {
        let scope = scope?;
        let value = scope.environment.get(name)?;
        *span = origins.named(*span, name, value, scope.variable_source(name));
        Some(value)
    };
    match &mut node.value {
        Value::Mapping(entries) => entries.retain(|name, entry| {
            if entry.node.is_null()
                && let Some(value) = value_of(name, &mut entry.node.span)
            {
                entry.node.value = Value::String(value.clone());
            }
            keep || !entry.node.is_null()
        }),
        Value::Sequence(items) => items.retain_mut(|item| {
            let Some(name) = item.as_str().filter(|text| !text.contains('=')) else { return true };
            let mut span = item.span;
            let Some(value) = value_of(name, &mut span) else { return keep };
            *item = Node::string(format!("{name}={value}"), span);
            true
        }),
        _ => {}
    }
}

const NAMESPACES: [&str; 5] = ["network_mode", "ipc", "pid", "uts", "cgroup"];

/// Links, shared namespaces and shared mounts need the other service.
fn implied_dependencies(service: &mut Node) {
    let mut implied: Vec<(String, bool, Span)> = Vec::new();
    for link in service.get("links").and_then(Node::as_sequence).unwrap_or_default() {
        if let Some(text) = link.as_str() {
            implied.push((text.split(':').next().unwrap_or(text).to_owned(), true, link.span));
        }
    }
    for namespace in NAMESPACES {
        if let Some(node) = service.get(namespace)
            && let Some(name) = node.as_str().and_then(|text| text.strip_prefix("service:"))
        {
            implied.push((name.to_owned(), true, node.span));
        }
    }
    for from in service.get("volumes_from").and_then(Node::as_sequence).unwrap_or_default() {
        if let Some(text) = from.as_str().filter(|text| !text.starts_with("container:")) {
            implied.push((text.split(':').next().unwrap_or(text).to_owned(), false, from.span));
        }
    }
    if !implied.is_empty() {
        add_dependencies(service, implied);
    }
}

fn add_dependencies(service: &mut Node, implied: Vec<(String, bool, Span)>) {
    if service.get("depends_on").is_none_or(Node::is_null) {
        service.set("depends_on", Node::mapping(Mapping::new(), Span::default()));
    }
    let Some(known) = service.get_mut("depends_on").and_then(Node::as_mapping_mut) else { return };
    for (name, restart, span) in implied {
        known.entry(name).or_insert_with(|| Entry { key_span: span, node: dependency(restart, span) });
    }
}

fn dependency(restart: bool, span: Span) -> Node {
    let mut node = Node::mapping(Mapping::new(), span);
    node.set("condition", "service_started".into());
    if restart {
        node.set("restart", true.into());
    }
    node.set("required", true.into());
    node
}

/// A container before the start uses the service's image unless it names one.
fn hook_images(service: &mut Node) {
    let Some(image) = service.get("image").cloned() else { return };
    let Some(hooks) = service.get_mut("pre_start").and_then(Node::as_sequence_mut) else { return };
    for hook in hooks {
        if hook.get("image").is_none() {
            hook.set("image", image.clone());
        }
    }
}

/// `<project>_<key>`, or the key itself for what exists already.
fn resource_names(tree: &mut Node, kind: &str, project: &str) {
    if tree.get(kind).is_none_or(Node::is_null) {
        return;
    }
    for (key, entry) in section(tree, kind).into_iter().flatten() {
        if entry.node.is_null() {
            entry.node.value = Value::Mapping(Mapping::new());
        }
        if entry.node.get("name").is_none_or(Node::is_null) {
            let external =
                entry.node.get("external").is_some_and(|external| external.value == Value::Bool(true));
            let name = if external { key.clone() } else { format!("{project}_{key}") };
            entry.node.set("name", Node::string(name, entry.key_span.filled_in()));
        }
    }
}
