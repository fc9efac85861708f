//! Published and exposed ports.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use bollard::models::{PortBinding, PortMap};

use super::non_empty;
use crate::project::Project;
use crate::project::model::{Port, Service};

/// A fixed host port that a service asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// Service.
    pub service: String,
    /// Address to bind; `None` is all.
    pub address: Option<IpAddr>,
    /// Port.
    pub port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// `file:line:column`.
    pub place: Option<String>,
}

/// Fixed host ports of a service. A range (one free port of it) and "any port" cannot be taken.
pub(super) fn host_ports(project: &Project, service: &Service) -> Vec<HostPort> {
    let fixed = service.ports.iter().filter_map(|port| Some((port, port.published.parse().ok()?)));
    fixed
        .filter(|(_, number)| *number != 0)
        .map(|(port, number)| HostPort {
            service: service.name.clone(),
            address: port.host_ip.parse().ok(),
            port: number,
            protocol: port.protocol.clone(),
            place: project.sources.locate(port.span),
        })
        .collect()
}

fn container_port(port: &Port) -> String {
    let protocol = if port.protocol.is_empty() { "tcp" } else { &port.protocol };
    format!("{}/{protocol}", port.target)
}

/// `ExposedPorts`: what is exposed or published.
pub(super) fn exposed(service: &Service) -> Option<Vec<String>> {
    let named = service.expose.iter().flat_map(|entry| expand(entry));
    let all: BTreeSet<String> = named.chain(service.ports.iter().map(container_port)).collect();
    (!all.is_empty()).then(|| all.into_iter().collect())
}

/// `8000-8002/tcp` as three ports.
fn expand(entry: &str) -> Vec<String> {
    let (ports, protocol) = entry.split_once('/').unwrap_or((entry, "tcp"));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).map(|port| format!("{port}/{protocol}")).collect(),
        _ => vec![format!("{ports}/{protocol}")],
    }
}

/// `PortBindings`.
pub(super) fn bindings(service: &Service) -> Option<PortMap> {
    if service.ports.is_empty() {
        return None;
    }
    let mut map: PortMap = HashMap::new();
    for port in &service.ports {
        let binding = PortBinding {
            host_ip: non_empty(&port.host_ip),
            // The empty text, unlike absence, asks for any free port.
            host_port: Some(port.published.clone()),
        };
        let entry = map.entry(container_port(port)).or_default();
        entry.get_or_insert_default().push(binding);
    }
    Some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        let port = |target: u32, published: &str| Port {
            target,
            published: published.into(),
            protocol: "tcp".into(),
            ..Port::default()
        };
        Service {
            name: "web".into(),
            expose: vec!["9000-9001".into()],
            ports: vec![port(80, "8080"), port(80, "8081"), port(443, "8000-8010"), port(53, "")],
            ..Service::default()
        }
    }

    #[test]
    fn one_container_port_takes_several_host_ports() {
        let map = bindings(&service()).unwrap();
        let hosts = map["80/tcp"].as_ref().unwrap();
        assert_eq!(hosts.iter().filter_map(|b| b.host_port.as_deref()).collect::<Vec<_>>(), ["8080", "8081"]);
        assert_eq!(map["53/tcp"].as_ref().unwrap()[0].host_port.as_deref(), Some(""));
    }

    #[test]
    fn only_fixed_ports_can_be_taken() {
        let ports: Vec<u16> = host_ports(&Project::default(), &service()).iter().map(|p| p.port).collect();
        assert_eq!(ports, [8080, 8081]);
    }

    #[test]
    fn ranges_are_exposed_one_by_one() {
        let exposed = exposed(&service()).unwrap();
        assert_eq!(exposed, ["443/tcp", "53/tcp", "80/tcp", "9000/tcp", "9001/tcp"]);
    }
}
