//! Ports and mounts of a container, in one column.

use bollard::models::{MountPoint, PortSummary};

/// `0.0.0.0:8000->8000/tcp, 5432/tcp`: what is published, then what is only exposed, each once.
pub fn ports(ports: &[PortSummary]) -> String {
    let mut sorted: Vec<_> = ports.iter().collect();
    sorted.sort_by_key(|p| (p.private_port, p.public_port, protocol(p), p.ip.clone()));
    let mut texts: Vec<String> = sorted.into_iter().map(one_port).collect();
    texts.dedup();
    texts.join(", ")
}

/// `tcp`, `udp` or `sctp`.
pub fn protocol(port: &PortSummary) -> String {
    port.typ.as_ref().map_or_else(|| "tcp".to_owned(), ToString::to_string)
}

fn one_port(port: &PortSummary) -> String {
    let inside = format!("{}/{}", port.private_port, protocol(port));
    match (port.public_port, port.ip.as_deref()) {
        (None | Some(0), _) => inside,
        (Some(public), Some(ip)) if ip.contains(':') => format!("[{ip}]:{public}->{inside}"),
        (Some(public), ip) => format!("{}:{public}->{inside}", ip.unwrap_or("0.0.0.0")),
    }
}

/// Name of a volume, or the path of a bind.
pub fn mount_name(mount: &MountPoint) -> String {
    let name = mount.name.clone().filter(|name| !name.is_empty());
    name.or_else(|| mount.source.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::PortSummaryTypeEnum;

    fn port(ip: Option<&str>, public: Option<u16>) -> PortSummary {
        PortSummary {
            ip: ip.map(str::to_owned),
            private_port: 80,
            public_port: public,
            typ: Some(PortSummaryTypeEnum::TCP),
        }
    }

    #[test]
    fn published_and_exposed() {
        let list = [port(Some("::"), Some(8080)), port(Some("0.0.0.0"), Some(8080))];
        assert_eq!(ports(&list), "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp");
        assert_eq!(ports(&[port(None, None)]), "80/tcp");
    }
}
