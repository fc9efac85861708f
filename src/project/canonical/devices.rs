//! Devices and GPUs.

use super::{Findings, object};
use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};
use crate::project::path::Trail;

/// `SOURCE[:TARGET[:PERMISSIONS]]`, or a CDI name.
pub fn device(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    let Some(text) = node.as_str() else { return complete(node) };
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, permissions) = match parts.as_slice() {
        parts if parts.contains(&"") => {
            let message =
                format!("{trail}: invalid device specification: {text}: empty section between colons");
            return findings.errors.push(form(node, message));
        }
        [source] => (*source, *source, "rwm"),
        [source, target] => (*source, *target, "rwm"),
        [source, target, permissions] => (*source, *target, *permissions),
        _ => {
            let message = format!("{trail}: confusing device mapping, please use long syntax: {text}");
            return findings.errors.push(form(node, message));
        }
    };
    *node = object(
        node,
        [("source", source.into()), ("target", target.into()), ("permissions", permissions.into())],
    );
}

fn form(node: &Node, message: String) -> Diagnostic {
    Diagnostic::error("device", node.span, message).with_help(
        "a device is SOURCE, SOURCE:TARGET or SOURCE:TARGET:PERMISSIONS, or a name such as nvidia.com/gpu=0",
    )
}

/// A long form without a target has the same path inside.
fn complete(node: &mut Node) {
    if let (None, Some(source)) = (node.get("target"), node.get("source").cloned()) {
        node.set("target", source);
    }
}

/// `all` as one request for every GPU.
pub fn gpus(node: &mut Node, _: &Trail<'_>, _: &mut Findings<'_>) {
    if node.as_str() == Some("all") {
        let request = object(node, [("count", "all".into())]);
        *node = Node::sequence(vec![request], node.span);
    }
}

/// A device request's count as a number: `all` is -1.
///
/// # Errors
/// When it is neither `all` nor a number.
pub fn count(node: &mut Node, trail: &Trail<'_>) -> Result<(), Diagnostic> {
    let Some(count) = node.get_mut("count") else { return Ok(()) };
    match count.as_str().map(|text| (text, text.parse::<i64>())) {
        None => {}
        Some(("all", _)) => count.value = Value::Int(-1),
        Some((_, Ok(number))) => count.value = Value::Int(number.into()),
        Some((text, Err(_))) => {
            let message =
                format!("{trail}.count: invalid value {text:?}, the only value allowed is 'all' or a number");
            let error = Diagnostic::error("device", count.span, message);
            return Err(error.with_help("write `count: 1`, or `count: all`"));
        }
    }
    Ok(())
}
