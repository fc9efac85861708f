//! One host port for two services: only one of them can run.

use std::collections::HashMap;

use crate::project::diagnostic::Diagnostic;
use crate::project::model::{Port, Project};

pub fn check(project: &Project, warnings: &mut Vec<Diagnostic>) {
    let published = project
        .services
        .iter()
        .flat_map(|(name, service)| service.ports.iter().map(move |port| (name.as_str(), port)))
        .filter(|(_, port)| port.published.parse::<u16>().is_ok_and(|number| number > 0));
    let mut seen: HashMap<(&str, &str), Vec<(&str, &Port)>> = HashMap::new();
    for (name, port) in published {
        let same = seen.entry((&port.published, protocol(port))).or_default();
        let earlier = same.iter().find(|(other, first)| *other != name && overlap(first, port));
        if let Some((other, first)) = earlier {
            warnings.push(taken(name, port, other, first));
        }
        same.push((name, port));
    }
}

fn protocol(port: &Port) -> &str {
    if port.protocol.is_empty() { "tcp" } else { &port.protocol }
}

/// Whether two ports of one number are on a common address.
fn overlap(a: &Port, b: &Port) -> bool {
    let everywhere = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    a.host_ip == b.host_ip || everywhere(&a.host_ip) || everywhere(&b.host_ip)
}

fn taken(name: &str, port: &Port, other: &str, first: &Port) -> Diagnostic {
    let message = format!(
        "services {other:?} and {name:?} both publish host port {}: only one of them can run at a time",
        port.published
    );
    Diagnostic::warning("port-taken", port.span, message)
        .with_label(first.span, format!("{other} publishes it here"))
        .with_help("give one of them another host port")
}
