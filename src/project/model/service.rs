//! `services.*`: all attributes of a service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    BlkioConfig, Build, Bytes, Command, CredentialSpec, Dependency, Deploy, Develop, Device, DeviceRequest,
    Duration, EnvFile, Environment, Extends, Extensions, FileReference, HealthCheck, Hook, Logging, Mount,
    Number, Port, Provider, ServiceModel, ServiceNetwork, StringMap, Ulimit,
};
use crate::project::source::Span;

/// A service (compose-surface 1.2). Text fields are empty when unset.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// The key under `services`.
    #[serde(skip)]
    pub name: String,
    /// Profiles that enable it; empty: always enabled.
    pub profiles: Vec<String>,
    /// OCI annotations.
    pub annotations: StringMap,
    /// Whether `up` and `logs` stream its output; unset is true.
    pub attach: Option<bool>,
    /// How to build its image.
    pub build: Option<Build>,
    /// Watch rules.
    pub develop: Option<Develop>,
    /// Block device limits.
    pub blkio_config: Option<BlkioConfig>,
    /// Capabilities added.
    pub cap_add: Vec<String>,
    /// Capabilities dropped.
    pub cap_drop: Vec<String>,
    /// Parent cgroup.
    pub cgroup_parent: String,
    /// Cgroup namespace: `host` or `private`.
    pub cgroup: String,
    /// CPUs of a Windows engine.
    pub cpu_count: i64,
    /// CPU share of a Windows engine, percent.
    pub cpu_percent: Number,
    /// CFS period in microseconds.
    pub cpu_period: i64,
    /// CFS quota in microseconds.
    pub cpu_quota: i64,
    /// Realtime period in microseconds.
    pub cpu_rt_period: i64,
    /// Realtime runtime in microseconds.
    pub cpu_rt_runtime: i64,
    /// CPUs; 0 is unlimited.
    pub cpus: Number,
    /// CPUs to run on (`0-3`).
    pub cpuset: String,
    /// Relative CPU weight.
    pub cpu_shares: i64,
    /// Command line.
    pub command: Command,
    /// Configs mounted.
    pub configs: Vec<FileReference>,
    /// Fixed container name.
    pub container_name: String,
    /// Windows credential specification.
    pub credential_spec: Option<CredentialSpec>,
    /// Services it depends on.
    pub depends_on: BTreeMap<String, Dependency>,
    /// Deployment settings.
    pub deploy: Option<Deploy>,
    /// Device rules of the cgroup.
    pub device_cgroup_rules: Vec<String>,
    /// Devices mapped.
    pub devices: Vec<Device>,
    /// Resolvers.
    pub dns: Vec<String>,
    /// Resolver options.
    pub dns_opt: Vec<String>,
    /// Search domains.
    pub dns_search: Vec<String>,
    /// NIS domain.
    pub domainname: String,
    /// Entry point.
    pub entrypoint: Command,
    /// External program that runs it.
    pub provider: Option<Provider>,
    /// Variables, `env_file` included.
    pub environment: Environment,
    /// Files with variables; empty once they were read into `environment`.
    pub env_file: Vec<EnvFile>,
    /// Ports documented.
    pub expose: Vec<String>,
    /// Service it inherits from; always consumed while loading, unless loading was asked to keep it.
    pub extends: Option<Extends>,
    /// Links to containers outside.
    pub external_links: Vec<String>,
    /// `/etc/hosts` entries, `host=address`, sorted.
    pub extra_hosts: Vec<String>,
    /// Further groups.
    pub group_add: Vec<String>,
    /// GPUs requested.
    pub gpus: Vec<DeviceRequest>,
    /// Host name.
    pub hostname: String,
    /// Health check.
    pub healthcheck: Option<HealthCheck>,
    /// Image reference; empty for a built service without a name.
    pub image: String,
    /// Run an init process as PID 1.
    pub init: Option<bool>,
    /// IPC namespace.
    pub ipc: String,
    /// Isolation technology.
    pub isolation: String,
    /// Container labels, `label_file` included.
    pub labels: StringMap,
    /// Files with labels; empty once they were read into `labels`.
    pub label_file: Vec<String>,
    /// Links to other services.
    pub links: Vec<String>,
    /// Logging.
    pub logging: Option<Logging>,
    /// Memory limit; 0 is unlimited.
    pub mem_limit: Bytes,
    /// Soft memory limit.
    pub mem_reservation: Bytes,
    /// Memory and swap limit; -1 is unlimited swap.
    pub memswap_limit: Bytes,
    /// Swappiness, 0 to 100.
    pub mem_swappiness: Bytes,
    /// MAC address.
    pub mac_address: String,
    /// Models bound.
    pub models: BTreeMap<String, Option<ServiceModel>>,
    /// `none`, `host`, `bridge`, `service:X`, `container:X`; excludes `networks`.
    pub network_mode: String,
    /// Networks attached.
    pub networks: BTreeMap<String, Option<ServiceNetwork>>,
    /// No OOM kill.
    pub oom_kill_disable: bool,
    /// OOM score adjustment, -1000 to 1000.
    pub oom_score_adj: i64,
    /// PID namespace.
    pub pid: String,
    /// Process limit; -1 is unlimited, 0 is unset.
    pub pids_limit: i64,
    /// Platform of the image.
    pub platform: String,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Extended privileges.
    pub privileged: bool,
    /// When to pull.
    pub pull_policy: String,
    /// How long a pulled image counts as fresh.
    pub pull_refresh_after: String,
    /// Read-only root file system.
    pub read_only: bool,
    /// `no`, `always`, `on-failure[:n]`, `unless-stopped`; empty is `no`.
    pub restart: String,
    /// OCI runtime.
    pub runtime: String,
    /// Replicas; equal to `deploy.replicas` where both are set.
    pub scale: Option<i64>,
    /// Secrets mounted.
    pub secrets: Vec<FileReference>,
    /// Security options.
    pub security_opt: Vec<String>,
    /// Size of `/dev/shm`; 0 is the engine's default.
    pub shm_size: Bytes,
    /// Keep standard input open.
    pub stdin_open: bool,
    /// Time between stop signal and kill; unset is 10 s.
    pub stop_grace_period: Option<Duration>,
    /// Stop signal.
    pub stop_signal: String,
    /// Storage driver options.
    pub storage_opt: StringMap,
    /// Kernel parameters.
    pub sysctls: StringMap,
    /// Tmpfs mounts, `path[:options]`.
    pub tmpfs: Vec<String>,
    /// Give it a terminal.
    pub tty: bool,
    /// Resource limits.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Mount the engine's socket.
    pub use_api_socket: bool,
    /// User.
    pub user: String,
    /// User namespace mode.
    pub userns_mode: String,
    /// UTS namespace.
    pub uts: String,
    /// Mounts.
    pub volumes: Vec<Mount>,
    /// Services and containers whose mounts are reused.
    pub volumes_from: Vec<String>,
    /// Working directory.
    pub working_dir: String,
    /// Containers run before the start.
    pub pre_start: Vec<Hook>,
    /// Commands run after the start.
    pub post_start: Vec<Hook>,
    /// Commands run before the stop.
    pub pre_stop: Vec<Hook>,
    /// `x-*`.
    #[serde(rename = "\0extensions")]
    pub extensions: Extensions,
    /// Where its name was written.
    #[serde(rename = "\0key_span", skip_serializing)]
    pub span: Span,
}
