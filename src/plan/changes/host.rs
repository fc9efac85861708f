//! The host's side of a container's settings: ports, mounts, limits, namespaces.

use bollard::models::{HostConfig, Mount};
use serde_json::{Map, Value, json};

use super::settings::{Settings, is_anonymous};

/// Attributes of a service by the name that the API has for them.
const ATTRIBUTES: [(&str, &str); 44] = [
    ("Annotations", "annotations"),
    ("BlkioDeviceReadBps", "blkio_config.device_read_bps"),
    ("BlkioDeviceReadIOps", "blkio_config.device_read_iops"),
    ("BlkioDeviceWriteBps", "blkio_config.device_write_bps"),
    ("BlkioDeviceWriteIOps", "blkio_config.device_write_iops"),
    ("BlkioWeight", "blkio_config.weight"),
    ("BlkioWeightDevice", "blkio_config.weight_device"),
    ("CapAdd", "cap_add"),
    ("CapDrop", "cap_drop"),
    ("CgroupParent", "cgroup_parent"),
    ("CgroupnsMode", "cgroup"),
    ("CpuPeriod", "cpu_period"),
    ("CpuQuota", "cpu_quota"),
    ("CpuRealtimePeriod", "cpu_rt_period"),
    ("CpuRealtimeRuntime", "cpu_rt_runtime"),
    ("CpuShares", "cpu_shares"),
    ("CpusetCpus", "cpuset"),
    ("DeviceCgroupRules", "device_cgroup_rules"),
    ("DeviceRequests", "gpus"),
    ("Devices", "devices"),
    ("Dns", "dns"),
    ("DnsOptions", "dns_opt"),
    ("DnsSearch", "dns_search"),
    ("ExtraHosts", "extra_hosts"),
    ("GroupAdd", "group_add"),
    ("Init", "init"),
    ("IpcMode", "ipc"),
    ("LogConfig", "logging"),
    ("Memory", "mem_limit"),
    ("MemoryReservation", "mem_reservation"),
    ("MemorySwappiness", "mem_swappiness"),
    ("NanoCpus", "cpus"),
    ("OomKillDisable", "oom_kill_disable"),
    ("OomScoreAdj", "oom_score_adj"),
    ("PidMode", "pid"),
    ("PidsLimit", "pids_limit"),
    ("Privileged", "privileged"),
    ("ReadonlyRootfs", "read_only"),
    ("RestartPolicy", "restart"),
    ("SecurityOpt", "security_opt"),
    ("ShmSize", "shm_size"),
    ("Sysctls", "sysctls"),
    ("UTSMode", "uts"),
    ("Ulimits", "ulimits"),
];

/// All settings of the host's side that differ from what an engine does by itself.
pub(super) fn settings(host: &HostConfig) -> Settings {
    let mut all = Settings::new();
    let described = json!(host);
    let described = described.as_object().cloned().unwrap_or_default();
    for (key, attribute) in ATTRIBUTES {
        if let Some(value) = described.get(key).filter(|value| !is_default(key, value)) {
            all.insert(attribute.split('.').map(str::to_owned).collect(), text(key, value));
        }
    }
    ports(host, &mut all);
    mounts(host, &mut all);
    network_mode(host, &mut all);
    all
}

/// What engines answer for a setting that nobody made.
fn is_default(key: &str, value: &Value) -> bool {
    let usual = match key {
        "CgroupnsMode" => value == "private" || value == "host",
        "IpcMode" => value == "private" || value == "shareable",
        "ShmSize" => *value == json!(64 << 20),
        "MemorySwappiness" | "PidsLimit" => *value == json!(-1),
        "LogConfig" => value["Type"] == "json-file" && is_empty(&value["Config"]),
        "RestartPolicy" => value["Name"] == "no" || is_empty(&value["Name"]),
        _ => false,
    };
    usual || is_empty(value)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(true) => false,
    }
}

fn text(key: &str, value: &Value) -> String {
    match (key, value) {
        ("RestartPolicy", _) => {
            let name = value["Name"].as_str().unwrap_or_default();
            let retries = value["MaximumRetryCount"].as_i64().filter(|count| *count > 0);
            retries.map_or_else(|| name.to_owned(), |count| format!("{name}:{count}"))
        }
        ("NanoCpus", Value::Number(count)) => format!("{}", count.as_f64().unwrap_or_default() / 1e9),
        (_, Value::String(text)) => text.clone(),
        (_, other) => sorted(other).to_string(),
    }
}

/// Objects with their keys in order and without what is empty: answers have more keys than requests.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut kept: Vec<_> = entries.iter().filter(|(_, value)| !is_empty(value)).collect();
            kept.sort_by_key(|(key, _)| *key);
            kept.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn ports(host: &HostConfig, all: &mut Settings) {
    for (port, bindings) in host.port_bindings.iter().flatten() {
        let mut published: Vec<String> = bindings.iter().flatten().map(published).collect();
        published.sort();
        all.insert(vec!["ports".to_owned(), port.clone()], published.join(", "));
    }
}

fn published(binding: &bollard::models::PortBinding) -> String {
    let port = binding.host_port.as_deref().filter(|port| !port.is_empty()).unwrap_or("any port");
    match binding.host_ip.as_deref() {
        None | Some("" | "0.0.0.0") => port.to_owned(),
        Some(address) => format!("{address}:{port}"),
    }
}

/// Mounts by the path they are seen at. Anonymous volumes come and go with containers and are no setting.
fn mounts(host: &HostConfig, all: &mut Settings) {
    for bind in host.binds.iter().flatten() {
        let mut parts = bind.splitn(3, ':');
        let (Some(source), Some(target)) = (parts.next(), parts.next()) else { continue };
        let options = parts.next().filter(|options| *options != "rw" && !options.is_empty());
        let source = options.map_or_else(|| source.to_owned(), |options| format!("{source} ({options})"));
        all.insert(vec!["volumes".to_owned(), target.to_owned()], source);
    }
    for mount in host.mounts.iter().flatten() {
        let Some(target) = &mount.target else { continue };
        if let Some(source) = source(mount) {
            all.insert(vec!["volumes".to_owned(), target.clone()], source);
        }
    }
    for (target, options) in host.tmpfs.iter().flatten() {
        let options = if options.is_empty() { "mounted" } else { options };
        all.insert(vec!["tmpfs".to_owned(), target.clone()], options.to_owned());
    }
}

fn source(mount: &Mount) -> Option<String> {
    let kind = mount.typ.map(|kind| kind.to_string()).unwrap_or_default();
    let source = mount.source.as_deref().unwrap_or_default();
    let source = match kind.as_str() {
        "volume" | "bind" if is_anonymous(source) => return None,
        "volume" | "bind" => source.to_owned(),
        _ => format!("{kind} {source}").trim_end().to_owned(),
    };
    Some(if mount.read_only == Some(true) { format!("{source} (ro)") } else { source })
}

/// The mode where it is no network of its own: those are told one by one.
fn network_mode(host: &HostConfig, all: &mut Settings) {
    let mode = host.network_mode.as_deref().unwrap_or_default();
    if matches!(mode, "host" | "none") || mode.starts_with("container:") {
        all.insert(vec!["network_mode".to_owned()], mode.to_owned());
    }
}
