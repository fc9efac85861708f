//! From port bindings of a request to ports of the host (contract 3.5). No I/O.

use std::net::IpAddr;

use wharf_network::{HostPorts, PortRequest, Protocol};

use crate::error::{Error, Result};
use crate::model::config::{Labels, Set};
use crate::model::{Config, HostConfig, PortBinding};

/// One port to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// In the container.
    pub container_port: u16,
    /// On the host.
    pub request: PortRequest,
}

impl Publication {
    /// As the API writes the container's side: `80/tcp`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.container_port, protocol_name(self.request.protocol))
    }
}

/// Everything that a container publishes.
///
/// # Errors
/// A port, protocol or address that is none.
pub fn publications(config: &Config, host: &HostConfig) -> Result<Vec<Publication>> {
    let mut all = Vec::new();
    for (port, bindings) in &host.port_bindings {
        let (container_port, protocol) = parse_port(port)?;
        for binding in bindings.iter().flatten() {
            all.push(Publication { container_port, request: request(protocol, binding)? });
        }
    }
    if host.publish_all_ports {
        all.extend(exposed(&config.exposed_ports, &all)?);
    }
    Ok(all)
}

/// `-P`: every exposed port that has no binding gets a free port (contract 3.5.10).
fn exposed(ports: &Set, bound: &[Publication]) -> Result<Vec<Publication>> {
    let mut all = Vec::new();
    for port in ports.keys() {
        let (container_port, protocol) = parse_port(port)?;
        let known = |other: &Publication| {
            other.container_port == container_port && other.request.protocol == protocol
        };
        if !bound.iter().any(known) {
            let request = PortRequest { protocol, host_ip: None, ports: HostPorts::Ephemeral };
            all.push(Publication { container_port, request });
        }
    }
    Ok(all)
}

/// `80/tcp`; without a protocol it is tcp.
fn parse_port(text: &str) -> Result<(u16, Protocol)> {
    let invalid = || Error::BadParameter(format!("invalid port specification: {text:?}"));
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => {
            return Err(Error::NotImplemented(
                "publishing sctp ports is not supported by this engine".to_owned(),
            ));
        }
        _ => return Err(invalid()),
    };
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(invalid)?;
    Ok((port, protocol))
}

fn request(protocol: Protocol, binding: &PortBinding) -> Result<PortRequest> {
    let host_ip = match binding.host_ip.trim_start_matches('[').trim_end_matches(']') {
        "" => None,
        text => {
            let invalid = |_| Error::BadParameter(format!("invalid IP address: {text:?}"));
            Some(text.parse::<IpAddr>().map_err(invalid)?)
        }
    };
    Ok(PortRequest { protocol, host_ip, ports: host_ports(&binding.host_port)? })
}

fn host_ports(text: &str) -> Result<HostPorts> {
    let invalid = || Error::BadParameter(format!("invalid host port: {text:?}"));
    let number = |text: &str| text.parse::<u16>().map_err(|_| invalid());
    match text.split_once('-') {
        _ if text.is_empty() => Ok(HostPorts::Ephemeral),
        None => Ok(match number(text)? {
            0 => HostPorts::Ephemeral,
            port => HostPorts::Fixed(port),
        }),
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            if first == 0 || first > last { Err(invalid()) } else { Ok(HostPorts::AnyOf(first..=last)) }
        }
    }
}

/// `tcp` or `udp`.
pub fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

/// Containers of one group may share a port of the host: replicas of one service of one Compose project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    project: String,
    service: String,
}

impl Group {
    /// The group that a container's labels put it into; one-off containers stand alone.
    pub fn of(labels: &Labels) -> Option<Group> {
        let label = |name: &str| labels.get(name).filter(|value| !value.is_empty()).cloned();
        if label("com.docker.compose.oneoff").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        Some(Group {
            project: label("com.docker.compose.project")?,
            service: label("com.docker.compose.service")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Vec<Publication>> {
        let body: crate::model::CreateBody = crate::model::json::decode(json.as_bytes()).unwrap();
        publications(&body.config, &body.host_config)
    }

    #[test]
    fn bindings() {
        let json = r#"{"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostPort":""}],
            "53/udp":[{"HostPort":"5000-5010"}]}}}"#;
        let all = parse(json).unwrap();
        assert_eq!(all[0].request.ports, HostPorts::Fixed(8080));
        assert_eq!(all[0].request.host_ip, Some("127.0.0.1".parse().unwrap()));
        assert_eq!((all[1].name().as_str(), &all[1].request.ports), ("80/tcp", &HostPorts::Ephemeral));
        assert_eq!(
            (all[2].name().as_str(), &all[2].request.ports),
            ("53/udp", &HostPorts::AnyOf(5000..=5010))
        );
    }

    #[test]
    fn publish_all_takes_what_is_exposed_and_not_bound() {
        let json = r#"{"ExposedPorts":{"80/tcp":{},"81":{}},"HostConfig":{"PublishAllPorts":true,
            "PortBindings":{"80/tcp":[{"HostPort":"8080"}]}}}"#;
        let names: Vec<_> = parse(json).unwrap().iter().map(Publication::name).collect();
        assert_eq!(names, ["80/tcp", "81/tcp"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for (port, host) in
            [("0/tcp", "1"), ("80/what", "1"), ("x", "1"), ("80", "99999"), ("80", "9-8"), ("80/sctp", "")]
        {
            let json =
                format!(r#"{{"HostConfig":{{"PortBindings":{{"{port}":[{{"HostPort":"{host}"}}]}}}}}}"#);
            assert!(parse(&json).is_err(), "{port} {host}");
        }
    }

    #[test]
    fn groups_are_replicas_of_a_service() {
        let labels = |pairs: &[(&str, &str)]| {
            let name = |name: &str| format!("com.docker.compose.{name}");
            pairs.iter().map(|(key, value)| (name(key), (*value).to_owned())).collect::<Labels>()
        };
        let one = labels(&[("project", "p"), ("service", "web")]);
        assert_eq!(Group::of(&one), Group::of(&labels(&[("service", "web"), ("project", "p")])));
        assert!(Group::of(&one).is_some());
        assert_eq!(Group::of(&labels(&[("project", "p")])), None);
        assert_eq!(Group::of(&labels(&[("project", "p"), ("service", "web"), ("oneoff", "True")])), None);
    }
}
