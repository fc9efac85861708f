//! Defaults that show in `config`.

use crate::project::node::Node;
use crate::project::path::{Trail, visit};

type Fill = fn(&mut Node, &Trail<'_>);

const TABLE: [(&str, Fill); 5] = [
    ("services.*.build", build),
    ("services.*.secrets.[]", secret),
    ("services.*.ports.[]", port),
    ("services.*.deploy.resources.reservations.devices.[]", device_request),
    ("services.*.gpus.[]", device_request),
];

/// Fills in defaults where the file says nothing.
pub fn fill(tree: &mut Node) {
    for (pattern, fill) in TABLE {
        visit(tree, pattern, &mut |node, trail| fill(node, trail));
    }
}

fn set_missing(node: &mut Node, key: &str, value: Node) {
    if node.get(key).is_none_or(Node::is_null) {
        let span = node.span.filled_in();
        node.set(key, Node::new(value.value, span));
    }
}

fn build(node: &mut Node, _: &Trail<'_>) {
    set_missing(node, "context", ".".into());
}

fn secret(node: &mut Node, _: &Trail<'_>) {
    let Some(source) = node.get("source").and_then(Node::as_str) else { return };
    let target = format!("/run/secrets/{source}");
    set_missing(node, "target", target.as_str().into());
}

fn port(node: &mut Node, _: &Trail<'_>) {
    set_missing(node, "protocol", "tcp".into());
    set_missing(node, "mode", "ingress".into());
}

fn device_request(node: &mut Node, _: &Trail<'_>) {
    if node.get("device_ids").is_none() {
        set_missing(node, "count", (-1i64).into());
    }
}
