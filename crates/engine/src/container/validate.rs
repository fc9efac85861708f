//! What a create request may not ask for: refused before anything is made, in Docker's words where Docker refuses it too.

use super::{limits, restart, security};
use crate::error::{Error, Result};
use crate::model::json::meaningful;
use crate::model::{Config, EndpointSettings, HostConfig, NetworkingConfig};

/// Checks everything that needs no look at other objects.
///
/// # Errors
/// The first thing that is wrong or that this engine does not honour.
pub fn validate(config: &Config, host: &HostConfig, networking: &NetworkingConfig) -> Result<()> {
    limits::validate(&host.resources)?;
    restart::validate(&host.restart_policy, host.auto_remove)?;
    security::SecurityOptions::parse(host)?;
    modes(config, host).map_err(Error::BadParameter)?;
    gpu(host)?;
    networking.endpoints_config.values().try_for_each(endpoint)?;
    unsupported(config, host)
}

fn modes(config: &Config, host: &HostConfig) -> Result<(), String> {
    if config.hostname.len() > 64 {
        return Err(format!("invalid hostname: {}: longer than 64 bytes", config.hostname));
    }
    if host.uts_mode == "host" && !config.hostname.is_empty() {
        return Err("conflicting options: hostname and the UTS mode".to_owned());
    }
    let allowed: [(&str, &str, &[&str], bool); 5] = [
        ("UTS", &host.uts_mode, &["", "host"], false),
        ("user namespace", &host.userns_mode, &["", "host"], false),
        ("PID", &host.pid_mode, &["", "host"], true),
        ("IPC", &host.ipc_mode, &["", "none", "private", "shareable", "host"], true),
        ("cgroup namespace", &host.cgroupns_mode, &["", "private", "host"], false),
    ];
    for (kind, mode, words, joins) in allowed {
        let known = words.contains(&mode) || (joins && mode.starts_with("container:"));
        if !known {
            return Err(format!("invalid {kind} mode: {mode}"));
        }
    }
    if !(-1000..=1000).contains(&host.oom_score_adj) {
        return Err(format!(
            "Invalid value {}, range for oom score adj is [-1000, 1000]",
            host.oom_score_adj
        ));
    }
    if host.shm_size < 0 {
        return Err("SHM size can not be less than 0".to_owned());
    }
    network_mode(config, host)
}

/// Contract 1.14.2.
fn network_mode(config: &Config, host: &HostConfig) -> Result<(), String> {
    let Some(donor) = host.network_mode.strip_prefix("container:") else { return Ok(()) };
    if donor.is_empty() {
        return Err("invalid network mode: invalid container format container:<name|id>".to_owned());
    }
    let conflicts = [
        ("hostname and the network mode", !config.hostname.is_empty()),
        (
            "container type network can't be used with links. This would result in undefined behavior",
            has(&host.links),
        ),
        ("dns and the network mode", !host.dns.is_empty()),
        ("custom host-to-IP mapping and the network mode", has(&host.extra_hosts)),
        ("mac-address and the network mode", !config.mac_address.is_empty()),
        ("port publishing and the container type network mode", !host.port_bindings.is_empty()),
        ("port publishing and the container type network mode", host.publish_all_ports),
        ("port exposing and the container type network mode", !config.exposed_ports.is_empty()),
    ];
    match conflicts.iter().find(|(_, asked)| *asked) {
        Some((what, _)) => Err(format!("conflicting options: {what}")),
        None => Ok(()),
    }
}

fn has(list: &Option<Vec<String>>) -> bool {
    list.iter().flatten().next().is_some()
}

/// This engine has no GPU support yet: say which link of the chain is missing.
fn gpu(host: &HostConfig) -> Result<()> {
    let Some(request) = host.resources.device_requests.iter().flatten().next() else { return Ok(()) };
    let driver = if request.driver.is_empty() { "nvidia" } else { &request.driver };
    let groups: Vec<String> =
        request.capabilities.iter().flatten().map(|names| format!("[{}]", names.join(" "))).collect();
    let why = match (exists("/dev/nvidiactl"), exists("/etc/cdi") || exists("/var/run/cdi")) {
        (false, false) => {
            "this host has no /dev/nvidiactl and no CDI specification in /etc/cdi or /var/run/cdi"
        }
        (false, true) => {
            "this host has no /dev/nvidiactl, and this engine does not read CDI specifications yet"
        }
        (true, _) => "this engine does not hand out devices of the NVIDIA driver yet",
    };
    let capabilities = groups.join(" ");
    let text =
        format!("could not select device driver {driver:?} with capabilities: [{capabilities}]: {why}");
    Err(Error::BadParameter(text))
}

fn exists(path: &str) -> bool {
    std::path::Path::new(path).exists()
}

fn endpoint(endpoint: &EndpointSettings) -> Result<()> {
    let asked = [
        ("LinkLocalIPs", endpoint.ipam_config.as_ref().is_some_and(|ipam| !ipam.link_local_ips.is_empty())),
        ("IPv6Address", endpoint.ipam_config.as_ref().is_some_and(|ipam| !ipam.ipv6_address.is_empty())),
    ];
    let known = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name);
    refuse(known.chain(meaningful(&endpoint.unknown)))
}

/// Options that would be lost silently.
fn unsupported(config: &Config, host: &HostConfig) -> Result<()> {
    let other_runtime = !matches!(host.runtime.as_str(), "" | "runc" | "wharf");
    if other_runtime {
        return Err(Error::BadParameter(format!("unknown or invalid runtime name: {}", host.runtime)));
    }
    if !matches!(host.isolation.as_str(), "" | "default") {
        let text = format!("invalid isolation ({}): linux only supports 'default'", host.isolation);
        return Err(Error::BadParameter(text));
    }
    let asked = [
        ("VolumeDriver", !matches!(host.volume_driver.as_str(), "" | "local")),
        ("Cgroup", !host.cgroup.is_empty()),
        ("Links", has(&host.links)),
        ("StorageOpt", !host.storage_opt.is_empty()),
    ];
    let known = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name);
    refuse(known.chain(meaningful(&config.unknown)))
}

fn refuse<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<()> {
    match names.next() {
        Some(name) => Err(Error::NotImplemented(format!("option {name} is not supported by this engine"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CreateBody;

    fn check(body: &str) -> Result<()> {
        let body: CreateBody = crate::model::json::decode(body.as_bytes()).unwrap();
        validate(&body.config, &body.host_config, &body.networking_config)
    }

    #[test]
    fn what_clients_always_send_is_fine() {
        check(
            r#"{"Image":"x","Volumes":{},"Labels":{},"NetworkDisabled":false,"SomethingNew":false,
            "HostConfig":{"NetworkMode":"default","RestartPolicy":{"Name":"no"},"ConsoleSize":[0,0],"Isolation":"",
            "MemorySwappiness":-1,"BlkioDeviceReadBps":[],"Links":null},"NetworkingConfig":{"EndpointsConfig":{}}}"#,
        )
        .unwrap();
    }

    #[test]
    fn unknown_wishes_are_refused_by_name() {
        let error = check(r#"{"Image":"x","SomethingNew":true}"#).unwrap_err().message();
        assert!(error.contains("SomethingNew"), "{error}");
        let error = check(r#"{"HostConfig":{"Teleport":"yes"}}"#).unwrap_err().message();
        assert!(error.contains("Teleport"), "{error}");
    }

    #[test]
    fn a_gpu_is_refused_with_the_missing_link() {
        let body = r#"{"HostConfig":{"DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]}}"#;
        let error = check(body).unwrap_err().message();
        let wanted = "could not select device driver \"nvidia\" with capabilities: [[gpu]]";
        assert!(error.starts_with(wanted), "{error}");
    }

    #[test]
    fn modes_are_checked() {
        for wrong in [
            r#"{"HostConfig":{"PidMode":"weird"}}"#,
            r#"{"Hostname":"x","HostConfig":{"UTSMode":"host"}}"#,
            r#"{"Hostname":"x","HostConfig":{"NetworkMode":"container:a"}}"#,
            r#"{"HostConfig":{"Runtime":"nvidia"}}"#,
            r#"{"HostConfig":{"OomScoreAdj":2000}}"#,
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
