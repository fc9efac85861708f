//! `extra_hosts` in its last form: a sorted list of `host=address`.

use std::collections::BTreeMap;

use crate::project::diagnostic::Diagnostic;
use crate::project::node::{Node, Value};

/// Rewrites a list or map of hosts.
pub fn lower(node: &mut Node) -> Result<(), Diagnostic> {
    let mut hosts: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    match &node.value {
        Value::Mapping(entries) => {
            for (host, entry) in entries {
                let addresses = entry.node.as_sequence().unwrap_or(std::slice::from_ref(&entry.node));
                add(&mut hosts, host, addresses)?;
            }
        }
        Value::Sequence(items) => {
            for item in items {
                let text = item.as_str().unwrap_or_default();
                let (host, address) = split(text)
                    .ok_or_else(|| bad(item, format!("invalid additional host, missing IP: {text}")))?;
                let addresses: Vec<Node> =
                    address.split(',').map(|address| Node::string(address, item.span)).collect();
                add(&mut hosts, host, &addresses)?;
            }
        }
        _ => return Ok(()),
    }
    let line = |host: &str, address: &Node| {
        let text = address.value.scalar_text().unwrap_or_default();
        Node::string(format!("{host}={}", unbracketed(&text)), address.span)
    };
    let mut lines: Vec<Node> = hosts
        .iter()
        .flat_map(|(host, addresses)| addresses.iter().map(move |address| line(host, address)))
        .collect();
    lines.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    node.value = Value::Sequence(lines);
    Ok(())
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').or_else(|| text.split_once(':'))
}

fn unbracketed(address: &str) -> &str {
    address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .filter(|inner| !inner.is_empty())
        .unwrap_or(address)
}

fn add(hosts: &mut BTreeMap<String, Vec<Node>>, host: &str, addresses: &[Node]) -> Result<(), Diagnostic> {
    if host.is_empty() || host.contains([':', '=']) {
        let span = addresses.first().map(|address| address.span).unwrap_or_default();
        return Err(Diagnostic::error("extra-hosts", span, format!("bad host name '{host}'")));
    }
    hosts.entry(host.to_owned()).or_default().extend_from_slice(addresses);
    Ok(())
}

fn bad(item: &Node, message: String) -> Diagnostic {
    Diagnostic::error("extra-hosts", item.span, message).with_help("write host=address")
}
