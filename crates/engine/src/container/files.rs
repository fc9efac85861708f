//! The three files that the engine manages for a container (contract 1.2).

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use super::instance::Container;
use super::record::Record;
use crate::error::{Error, Result};
use crate::model::EndpointSettings;

const IPV6_HOSTS: &str = "::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n\
    ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

/// What decides the content of the files beside the record.
pub struct Surroundings<'a> {
    /// The container's host name.
    pub hostname: &'a str,
    /// Its endpoints with their addresses.
    pub endpoints: &'a [EndpointSettings],
    /// What `host-gateway` means in `extra_hosts`.
    pub host_gateway: Option<Ipv4Addr>,
    /// The content of `/etc/resolv.conf`.
    pub resolv_conf: &'a str,
}

/// The name that a container has for itself (contract 1.2.1).
pub fn hostname(record: &Record) -> String {
    if !record.config.hostname.is_empty() {
        return record.config.hostname.clone();
    }
    if record.host_config.network_mode == "host" {
        return rustix::system::uname().nodename().to_string_lossy().into_owned();
    }
    crate::names::short(&record.id).to_owned()
}

/// Writes all three. They are written in place: running containers have them mounted.
///
/// # Errors
/// One cannot be written, or `extra_hosts` asks for a host gateway that there is none.
pub fn write(container: &Container, record: &Record, surroundings: &Surroundings<'_>) -> Result<()> {
    let save = |name: &str, content: &str| {
        let path = container.run_path(name);
        fs::write(&path, content).map_err(Error::io("write", &path))
    };
    save("hostname", &format!("{}\n", surroundings.hostname))?;
    save("resolv.conf", surroundings.resolv_conf)?;
    save("hosts", &hosts(record, surroundings)?)
}

fn hosts(record: &Record, surroundings: &Surroundings<'_>) -> Result<String> {
    let extra = extra_hosts(record, surroundings.host_gateway)?;
    if record.host_config.network_mode == "host" && extra.is_empty() {
        return Ok(fs::read_to_string("/etc/hosts").unwrap_or_else(|_| "127.0.0.1\tlocalhost\n".to_owned()));
    }
    let mut text = String::from("127.0.0.1\tlocalhost\n");
    if has_ipv6() {
        text.push_str(IPV6_HOSTS);
    }
    for (address, name) in extra {
        text.push_str(&format!("{address}\t{name}\n"));
    }
    let names = own_names(surroundings.hostname, &record.config.domainname);
    for endpoint in surroundings.endpoints.iter().filter(|endpoint| !endpoint.ip_address.is_empty()) {
        text.push_str(&format!("{}\t{names}\n", endpoint.ip_address));
    }
    Ok(text)
}

/// Whether a new network namespace has `::1` (contract 1.2.4).
fn has_ipv6() -> bool {
    fs::read_to_string("/proc/sys/net/ipv6/conf/default/disable_ipv6").is_ok_and(|text| text.trim() == "0")
}

/// Contract 1.2.5.
fn own_names(hostname: &str, domainname: &str) -> String {
    match (hostname.split_once('.'), domainname) {
        (Some((host, _)), _) => format!("{hostname} {host}"),
        (None, "") => hostname.to_owned(),
        (None, domain) => format!("{hostname}.{domain} {hostname}"),
    }
}

/// Contract 1.2.7.
fn extra_hosts(record: &Record, gateway: Option<Ipv4Addr>) -> Result<Vec<(IpAddr, String)>> {
    record.host_config.extra_hosts.iter().flatten().map(|text| extra_host(text, gateway)).collect()
}

fn extra_host(text: &str, gateway: Option<Ipv4Addr>) -> Result<(IpAddr, String)> {
    let invalid = || Error::BadParameter(format!("bad format for add-host: {text:?}"));
    let (name, address) =
        text.split_once([':', '=']).filter(|(name, _)| !name.is_empty()).ok_or_else(invalid)?;
    if address == "host-gateway" {
        let missing = || Error::BadParameter("unable to derive the IP value for host-gateway".to_owned());
        return Ok((IpAddr::V4(gateway.ok_or_else(missing)?), name.to_owned()));
    }
    let address = address.trim_start_matches('[').trim_end_matches(']');
    Ok((address.parse().map_err(|_| invalid())?, name.to_owned()))
}

/// Refuses malformed `extra_hosts` when the container is created.
///
/// # Errors
/// Docker's text.
pub fn check_extra_hosts(hosts: Option<&[String]>) -> Result<()> {
    let any = Some(Ipv4Addr::LOCALHOST);
    hosts.unwrap_or_default().iter().try_for_each(|text| extra_host(text, any).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_hosts_split_at_the_first_separator() {
        let parse = |text| extra_host(text, Some(Ipv4Addr::new(172, 17, 0, 1)));
        assert_eq!(parse("db:10.0.0.1").unwrap(), ("10.0.0.1".parse().unwrap(), "db".to_owned()));
        assert_eq!(parse("v6:[::1]").unwrap().0, "::1".parse::<IpAddr>().unwrap());
        assert_eq!(parse("v6=fe80::1").unwrap().0, "fe80::1".parse::<IpAddr>().unwrap());
        assert_eq!(parse("up:host-gateway").unwrap().0, "172.17.0.1".parse::<IpAddr>().unwrap());
        for wrong in ["", "db", ":10.0.0.1", "db:nowhere"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn names_of_the_container_itself() {
        assert_eq!(own_names("web", ""), "web");
        assert_eq!(own_names("web", "example.org"), "web.example.org web");
        assert_eq!(own_names("web.example.org", ""), "web.example.org web");
    }
}
