//! Published ports.

use super::{Findings, object};
use crate::project::diagnostic::Diagnostic;
use crate::project::limits::MAX_PORTS;
use crate::project::node::{Node, Value};
use crate::project::path::Trail;
use crate::project::spelling::port::{self, ShortPort};

/// Every item in long form; a range becomes several items. An item that has none stays as it is; beside one with a
/// variable in it, all items stay, as Compose has it.
pub fn ports(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    let span = node.span;
    let Some(items) = node.as_sequence_mut() else { return };
    if findings.uninterpolated && items.iter().any(|item| expand(item, trail, findings).is_err()) {
        return;
    }
    let mut long = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        match expand(&item, trail, findings) {
            Ok(entries) => {
                findings.ports += entries.len();
                if findings.ports > MAX_PORTS {
                    let message = format!("{trail}: the project publishes more than {MAX_PORTS} ports");
                    return findings.errors.push(Diagnostic::error("project-limit", item.span, message));
                }
                long.extend(entries);
            }
            Err(error) => {
                findings.errors.push(error);
                long.push(item);
            }
        }
    }
    *node = Node::sequence(long, span);
}

/// A port that other services may reach.
pub fn exposed(node: &mut Node, trail: &Trail<'_>, findings: &mut Findings<'_>) {
    if let Value::Float(number) = node.value {
        let message = format!("{trail}: unsupported expose value {number}");
        findings
            .errors
            .push(Diagnostic::error("port", node.span, message).with_help("a port is a whole number"));
    }
}

fn expand(item: &Node, trail: &Trail<'_>, findings: &Findings<'_>) -> Result<Vec<Node>, Diagnostic> {
    match &item.value {
        Value::Mapping(_) => long(item, trail),
        Value::Float(_) => {
            Err(Diagnostic::error("port", item.span, format!("{trail}: invalid type float64 for port"))
                .with_help("quote it: a number with a point, or one with a leading zero, is no port"))
        }
        value => {
            let text = value.scalar_text().unwrap_or_default();
            let ports = port::parse(&text).map_err(|problem| {
                let help = forms(&problem.message);
                findings.malformed("port", item, trail, problem).with_help(help)
            })?;
            Ok(ports.into_iter().map(|port| entry(item, port)).collect())
        }
    }
}

/// The forms of a port, from what is wrong with one.
fn forms(problem: &str) -> &'static str {
    match problem.split(':').next().unwrap_or_default() {
        "Invalid containerPort" | "Invalid hostPort" => {
            "a port is a number from 1 to 65535, or a range such as 8000-8010 (a port is HOST:CONTAINER)"
        }
        "Invalid proto" => "protocols are tcp, udp and sctp",
        "Invalid ranges specified for container and host Ports" => {
            "both ranges need the same number of ports, or one container port a range of the host's"
        }
        _ => "a port is CONTAINER, HOST:CONTAINER or IP:HOST:CONTAINER, with /udp or /sctp where needed",
    }
}

fn entry(item: &Node, port: ShortPort) -> Node {
    let target = Node::from(i64::from(port.target));
    let mut entry = object(
        item,
        [
            ("mode", Node::string("ingress", item.span.filled_in())),
            ("target", target),
            ("protocol", port.protocol.as_str().into()),
        ],
    );
    for (key, text) in [("host_ip", port.host_ip), ("published", port.published)] {
        if !text.is_empty() {
            entry.set(key, Node::string(text, item.span));
        }
    }
    entry
}

/// A long form needs a target; its published port is text.
fn long(item: &Node, trail: &Trail<'_>) -> Result<Vec<Node>, Diagnostic> {
    if item.get("target").is_none() {
        let message = format!("{trail}: service port is missing a target port");
        let help = "add `target:`, the port in the container";
        return Err(Diagnostic::error("port", item.span, message).with_help(help));
    }
    let mut item = item.clone();
    if let Some(published) = item.get_mut("published")
        && let Some(text) = published.value.scalar_text()
    {
        published.value = Value::String(text);
    }
    Ok(vec![item])
}
