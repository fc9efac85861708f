//! Small projects, and where each of their attributes is seen.

use Expected::{At, Refused, RefusedBuiltIn, RefusedDocker, Sent, Warned, WarnedBuiltIn};

/// A project and what is expected of it.
pub struct Case {
    /// Its text; of service `web` alone where the list says so.
    pub yaml: &'static str,
    /// All that the user is told, and where attributes are seen.
    pub expected: &'static [Expected],
}

/// Where an attribute is seen. Paths of what the user is told are those of the file.
pub enum Expected {
    /// At a pointer into the request that makes container `app-web-1`.
    Sent(&'static str, &'static str),
    /// At a pointer into all requests.
    At(&'static str, &'static str),
    /// On both engines a warning that it has no effect.
    Warned(&'static str),
    /// On the built-in engine such a warning.
    WarnedBuiltIn(&'static str),
    /// On both engines an error.
    Refused(&'static str),
    /// On the built-in engine an error.
    RefusedBuiltIn(&'static str),
    /// On a Docker Engine an error.
    RefusedDocker(&'static str),
}

impl Expected {
    /// What the user is told on an engine, and of which path.
    pub fn told(&self, docker: bool) -> Option<(&'static str, &'static str)> {
        match self {
            Warned(path) => Some(("warned", path)),
            WarnedBuiltIn(path) => (!docker).then_some(("warned", *path)),
            Refused(path) => Some(("refused", path)),
            RefusedBuiltIn(path) => (!docker).then_some(("refused", *path)),
            RefusedDocker(path) => docker.then_some(("refused", *path)),
            Sent(..) | At(..) => None,
        }
    }
}

/// Attributes of service `web`, which has an image already.
pub const SERVICES: &[Case] = &[
    Case {
        yaml: "annotations: {a: b}",
        expected: &[Sent("HostConfig/Annotations/a", r#""b""#)],
    },
    Case {
        yaml: "attach: false",
        expected: &[],
    },
    Case {
        yaml: "blkio_config:
  weight: 300
  weight_device: [{path: /dev/null, weight: 400}]
  device_read_bps: [{path: /dev/null, rate: 1mb}]
  device_read_iops: [{path: /dev/null, rate: 2}]
  device_write_bps: [{path: /dev/null, rate: 3}]
  device_write_iops: [{path: /dev/null, rate: 4}]",
        expected: &[Sent("HostConfig/BlkioWeight", "300"), Sent("HostConfig/BlkioWeightDevice", r#"[{"Path":"/dev/null","Weight":400}]"#), Sent("HostConfig/BlkioDeviceReadBps", r#"[{"Path":"/dev/null","Rate":1048576}]"#), Sent("HostConfig/BlkioDeviceReadIOps", r#"[{"Path":"/dev/null","Rate":2}]"#), Sent("HostConfig/BlkioDeviceWriteBps", r#"[{"Path":"/dev/null","Rate":3}]"#), Sent("HostConfig/BlkioDeviceWriteIOps", r#"[{"Path":"/dev/null","Rate":4}]"#), RefusedBuiltIn("services.web.blkio_config.weight_device")],
    },
    Case {
        yaml: "cap_add: [NET_ADMIN]
cap_drop: [MKNOD]",
        expected: &[Sent("HostConfig/CapAdd", r#"["CAP_NET_ADMIN"]"#), Sent("HostConfig/CapDrop", r#"["CAP_MKNOD"]"#)],
    },
    Case {
        yaml: "cgroup: host
cgroup_parent: /mine",
        expected: &[Sent("HostConfig/CgroupnsMode", r#""host""#), Sent("HostConfig/CgroupParent", r#""/mine""#)],
    },
    Case {
        yaml: r#"command: sleep "1 0"
entrypoint: [env, A=1]"#,
        expected: &[Sent("Cmd", r#"["sleep","1 0"]"#), Sent("Entrypoint", r#"["env","A=1"]"#)],
    },
    Case {
        yaml: "entrypoint: []",
        expected: &[Sent("Entrypoint", "[]")],
    },
    Case {
        yaml: "container_name: fixed",
        expected: &[At("containers/fixed/Image", r#""busybox""#)],
    },
    Case {
        yaml: "cpu_count: 2
cpu_percent: 20",
        expected: &[Refused("services.web.cpu_count"), Refused("services.web.cpu_percent")],
    },
    Case {
        yaml: "cpu_shares: 512
cpu_quota: 20000
cpu_period: 50000
cpuset: 0-1",
        expected: &[Sent("HostConfig/CpuShares", "512"), Sent("HostConfig/CpuQuota", "20000"), Sent("HostConfig/CpuPeriod", "50000"), Sent("HostConfig/CpusetCpus", r#""0-1""#)],
    },
    Case {
        yaml: "cpu_rt_period: 1000
cpu_rt_runtime: 400",
        expected: &[Sent("HostConfig/CpuRealtimePeriod", "1000"), Sent("HostConfig/CpuRealtimeRuntime", "400"), RefusedBuiltIn("services.web.cpu_rt_period"), RefusedBuiltIn("services.web.cpu_rt_runtime")],
    },
    Case {
        yaml: "cpus: 1.5",
        expected: &[Sent("HostConfig/NanoCpus", "1500000000")],
    },
    Case {
        yaml: "credential_spec: {config: c, file: spec.json, registry: r}",
        expected: &[Warned("services.web.credential_spec")],
    },
    Case {
        yaml: r#"device_cgroup_rules: ["c 1:3 mr"]
devices: ["/dev/null:/dev/zilch:r", {source: /dev/zero, target: /dev/nought, permissions: w}]"#,
        expected: &[Sent("HostConfig/DeviceCgroupRules", r#"["c 1:3 mr"]"#), Sent("HostConfig/Devices/0", r#"{"PathOnHost":"/dev/null","PathInContainer":"/dev/zilch","CgroupPermissions":"r"}"#), Sent("HostConfig/Devices/1", r#"{"PathOnHost":"/dev/zero","PathInContainer":"/dev/nought","CgroupPermissions":"w"}"#)],
    },
    Case {
        yaml: "devices: [vendor.com/gpu=0]",
        expected: &[Sent("HostConfig/DeviceRequests/0/DeviceIDs", r#"["vendor.com/gpu=0"]"#), RefusedBuiltIn("services.web.devices")],
    },
    Case {
        yaml: "dns: 10.0.0.1
dns_opt: [ndots:2]
dns_search: [example.com]",
        expected: &[Sent("HostConfig/Dns", r#"["10.0.0.1"]"#), Sent("HostConfig/DnsOptions", r#"["ndots:2"]"#), Sent("HostConfig/DnsSearch", r#"["example.com"]"#)],
    },
    Case {
        yaml: "domainname: example.com
hostname: box",
        expected: &[Sent("Domainname", r#""example.com""#), Sent("Hostname", r#""box""#)],
    },
    Case {
        yaml: "env_file: [{path: vars.env, required: false, format: raw}]
environment: {A: 1, TOKEN: null}",
        expected: &[Sent("Env", r#"["A=1","FROM_FILE=1","TOKEN=sesame"]"#)],
    },
    Case {
        yaml: r#"expose: ["80", "90/udp"]"#,
        expected: &[Sent("ExposedPorts", r#"{"80/tcp":{},"90/udp":{}}"#)],
    },
    Case {
        yaml: "extends: {service: base, file: base.yaml}",
        expected: &[Sent("Hostname", r#""inherited""#)],
    },
    Case {
        yaml: r#"external_links: ["other:alias"]"#,
        expected: &[At("containers/app-web-1/NetworkingConfig/EndpointsConfig/app_default/Links", r#"["other:alias"]"#)],
    },
    Case {
        yaml: "extra_hosts: {db: 10.0.0.9}",
        expected: &[Sent("HostConfig/ExtraHosts", r#"["db:10.0.0.9"]"#)],
    },
    Case {
        yaml: r#"gpus: [{driver: d, device_ids: ["1"], capabilities: [compute], options: {k: v}}]"#,
        expected: &[Sent("HostConfig/DeviceRequests/0", r#"{"Driver":"d","DeviceIDs":["1"],"Capabilities":[["compute","gpu"]],"Options":{"k":"v"}}"#), RefusedBuiltIn("services.web.gpus")],
    },
    Case {
        yaml: "gpus: [{count: 2}]",
        expected: &[Sent("HostConfig/DeviceRequests/0/Count", "2"), RefusedBuiltIn("services.web.gpus")],
    },
    Case {
        yaml: "group_add: [audio, 7]",
        expected: &[Sent("HostConfig/GroupAdd", r#"["audio","7"]"#)],
    },
    Case {
        yaml: r#"healthcheck: {test: "true", interval: 2s, timeout: 3s, retries: 4, start_period: 5s, start_interval: 6s}"#,
        expected: &[Sent("Healthcheck", r#"{"Test":["CMD-SHELL","true"],"Interval":2000000000,"Timeout":3000000000,"Retries":4,"StartPeriod":5000000000,"StartInterval":6000000000}"#)],
    },
    Case {
        yaml: "healthcheck: {disable: true}",
        expected: &[Sent("Healthcheck/Test", r#"["NONE"]"#)],
    },
    Case {
        yaml: "init: true
ipc: shareable
pid: host",
        expected: &[Sent("HostConfig/Init", "true"), Sent("HostConfig/IpcMode", r#""shareable""#), Sent("HostConfig/PidMode", r#""host""#)],
    },
    Case {
        yaml: "ipc: weird
pid: weird",
        expected: &[Sent("HostConfig/IpcMode", r#""weird""#), Sent("HostConfig/PidMode", r#""weird""#), RefusedBuiltIn("services.web.ipc"), RefusedBuiltIn("services.web.pid")],
    },
    Case {
        yaml: "isolation: hyperv",
        expected: &[Sent("HostConfig/Isolation", r#""hyperv""#), RefusedBuiltIn("services.web.isolation")],
    },
    Case {
        yaml: "isolation: weird",
        expected: &[Refused("services.web.isolation")],
    },
    Case {
        yaml: "label_file: labels.env
labels: {team: ml}",
        expected: &[Sent("Labels/from_file", r#""1""#), Sent("Labels/team", r#""ml""#)],
    },
    Case {
        yaml: r#"logging: {driver: json-file, options: {max-size: 1m, compress: "true", labels-regex: a}}"#,
        expected: &[Sent("HostConfig/LogConfig/Type", r#""json-file""#), Sent("HostConfig/LogConfig/Config/max-size", r#""1m""#), Sent("HostConfig/LogConfig/Config/compress", r#""true""#), Sent("HostConfig/LogConfig/Config/labels-regex", r#""a""#)],
    },
    Case {
        yaml: "logging: {driver: syslog, options: {tag: a}}",
        expected: &[Sent("HostConfig/LogConfig/Type", r#""syslog""#), RefusedBuiltIn("services.web.logging.driver")],
    },
    Case {
        yaml: r#"mac_address: "02:42:ac:11:00:02""#,
        expected: &[Sent("NetworkingConfig/EndpointsConfig/app_default/MacAddress", r#""02:42:ac:11:00:02""#)],
    },
    Case {
        yaml: "mem_limit: 64m
mem_reservation: 32m
mem_swappiness: 5
memswap_limit: 128m",
        expected: &[Sent("HostConfig/Memory", "67108864"), Sent("HostConfig/MemoryReservation", "33554432"), Sent("HostConfig/MemorySwappiness", "5"), Sent("HostConfig/MemorySwap", "134217728")],
    },
    Case {
        yaml: "mem_swappiness: 0",
        expected: &[Warned("services.web.mem_swappiness")],
    },
    Case {
        yaml: "network_mode: host",
        expected: &[Sent("HostConfig/NetworkMode", r#""host""#)],
    },
    Case {
        yaml: "oom_kill_disable: true
oom_score_adj: 100
pids_limit: 50",
        expected: &[Sent("HostConfig/OomKillDisable", "true"), Sent("HostConfig/OomScoreAdj", "100"), Sent("HostConfig/PidsLimit", "50")],
    },
    Case {
        yaml: "platform: linux/amd64",
        expected: &[Sent("platform", r#""linux/amd64""#), At("pull", "linux/amd64")],
    },
    Case {
        yaml: r#"ports: [{name: http, mode: host, host_ip: 127.0.0.1, target: 80, published: "8080", protocol: udp, app_protocol: http}]"#,
        expected: &[Sent("HostConfig/PortBindings/80~1udp", r#"[{"HostIp":"127.0.0.1","HostPort":"8080"}]"#)],
    },
    Case {
        yaml: "pre_start: [{command: [a], image: busybox, user: u, privileged: true, working_dir: /w, environment: {A: 1}, per_replica: true}]",
        expected: &[
            At("containers/app-web-1-pre_start-0/Cmd", r#"["a"]"#), At("containers/app-web-1-pre_start-0/Image", r#""busybox""#),
            At("containers/app-web-1-pre_start-0/User", r#""u""#), At("containers/app-web-1-pre_start-0/HostConfig/Privileged", "true"),
            At("containers/app-web-1-pre_start-0/WorkingDir", r#""/w""#), At("containers/app-web-1-pre_start-0/Env", r#"["A=1"]"#),
            At("containers/app-web-1-pre_start-0/HostConfig/VolumesFrom", r#"["app-web-1"]"#), At("plan", "run pre_start[0] of web"),
        ],
    },
    Case {
        yaml: "post_start: [{command: [a], user: u, privileged: true, working_dir: /w, environment: {A: 1}}]
pre_stop: [{command: [b], user: u, privileged: true, working_dir: /w, environment: {A: 1}}]",
        expected: &[At("post_start", r#"HookSpec { moment: "post_start", command: ["a"], user: "u", working_dir: "/w", privileged: true, environment: ["A=1"] }"#)],
    },
    Case {
        yaml: "privileged: true
read_only: true",
        expected: &[Sent("HostConfig/Privileged", "true"), Sent("HostConfig/ReadonlyRootfs", "true")],
    },
    Case {
        yaml: r#"profiles: ["on"]"#,
        expected: &[Sent("Image", r#""busybox""#)],
    },
    Case {
        yaml: "provider: {type: model, options: {a: b}}",
        expected: &[Refused("services.web.provider")],
    },
    Case {
        yaml: "pull_policy: always",
        expected: &[At("plan", "pull image busybox (pull policy: always)")],
    },
    Case {
        yaml: "pull_policy: daily
pull_refresh_after: 2h",
        expected: &[Warned("services.web.pull_policy"), Warned("services.web.pull_refresh_after")],
    },
    Case {
        yaml: "restart: on-failure:3",
        expected: &[Sent("HostConfig/RestartPolicy", r#"{"Name":"on-failure","MaximumRetryCount":3}"#)],
    },
    Case {
        yaml: "restart: always
deploy: {restart_policy: {condition: on-failure}}",
        expected: &[Sent("HostConfig/RestartPolicy", r#"{"Name":"on-failure"}"#)],
    },
    Case {
        yaml: "restart: sometimes",
        expected: &[Refused("services.web.restart")],
    },
    Case {
        yaml: "runtime: runc",
        expected: &[Sent("HostConfig/Runtime", r#""runc""#)],
    },
    Case {
        yaml: "runtime: nvidia",
        expected: &[Sent("HostConfig/Runtime", r#""nvidia""#), RefusedBuiltIn("services.web.runtime")],
    },
    Case {
        yaml: "scale: 2",
        expected: &[At("containers/app-web-2/Image", r#""busybox""#)],
    },
    Case {
        yaml: r#"security_opt: [no-new-privileges, "apparmor:unconfined"]"#,
        expected: &[Sent("HostConfig/SecurityOpt", r#"["no-new-privileges","apparmor:unconfined"]"#)],
    },
    Case {
        yaml: r#"security_opt: ["label:disable"]"#,
        expected: &[Sent("HostConfig/SecurityOpt", r#"["label:disable"]"#), WarnedBuiltIn("services.web.security_opt")],
    },
    Case {
        yaml: r#"security_opt: ["systempaths=unconfined"]"#,
        expected: &[Sent("HostConfig/MaskedPaths", "[]"), Sent("HostConfig/ReadonlyPaths", "[]")],
    },
    Case {
        yaml: "labels: {com.docker.compose.service: other}",
        expected: &[Sent("Labels/com.docker.compose.service", r#""web""#), Warned("services.web.labels")],
    },
    Case {
        yaml: "shm_size: 1m
sysctls: {net.core.somaxconn: 1024}",
        expected: &[Sent("HostConfig/ShmSize", "1048576"), Sent("HostConfig/Sysctls/net.core.somaxconn", r#""1024""#)],
    },
    Case {
        yaml: "stdin_open: true
tty: true",
        expected: &[Sent("OpenStdin", "true"), Sent("Tty", "true")],
    },
    Case {
        yaml: "stop_grace_period: 1m
stop_signal: SIGINT",
        expected: &[Sent("StopTimeout", "60"), Sent("StopSignal", r#""SIGINT""#)],
    },
    Case {
        yaml: "storage_opt: {size: 1G}",
        expected: &[Sent("HostConfig/StorageOpt/size", r#""1G""#), RefusedBuiltIn("services.web.storage_opt")],
    },
    Case {
        yaml: "tmpfs: /run:size=1m",
        expected: &[Sent("HostConfig/Tmpfs", r#"{"/run":"size=1m"}"#)],
    },
    Case {
        yaml: "ulimits: {nproc: 5, nofile: {soft: 1, hard: 2}}",
        expected: &[Sent("HostConfig/Ulimits", r#"[{"Name":"nofile","Soft":1,"Hard":2},{"Name":"nproc","Soft":5,"Hard":5}]"#)],
    },
    Case {
        yaml: "use_api_socket: true",
        expected: &[Refused("services.web.use_api_socket")],
    },
    Case {
        yaml: r#"user: "7:8"
userns_mode: host
uts: host
working_dir: /w"#,
        expected: &[Sent("User", r#""7:8""#), Sent("HostConfig/UsernsMode", r#""host""#), Sent("HostConfig/UTSMode", r#""host""#), Sent("WorkingDir", r#""/w""#)],
    },
    Case {
        yaml: "userns_mode: keep-id",
        expected: &[Sent("HostConfig/UsernsMode", r#""keep-id""#), RefusedBuiltIn("services.web.userns_mode")],
    },
    Case {
        yaml: "uts: weird",
        expected: &[Refused("services.web.uts")],
    },
    Case {
        yaml: r#"volumes: ["./app:/app:ro,z"]"#,
        expected: &[Sent("HostConfig/Binds/0", ":/app:ro,z")],
    },
    Case {
        yaml: "volumes: [{type: bind, source: ./app, target: /app, read_only: true, consistency: cached, bind: {propagation: rslave, create_host_path: false, recursive: readonly}}]",
        expected: &[Sent("HostConfig/Mounts/0/Target", r#""/app""#), Sent("HostConfig/Mounts/0/ReadOnly", "true"), Sent("HostConfig/Mounts/0/Consistency", r#""cached""#), Sent("HostConfig/Mounts/0/BindOptions", r#"{"Propagation":"rslave","CreateMountpoint":false,"ReadOnlyForceRecursive":true}"#)],
    },
    Case {
        yaml: r#"volumes: ["./app:/app:rshared"]"#,
        expected: &[Sent("HostConfig/Binds/0", ":/app:rw,rshared"), RefusedBuiltIn("services.web.volumes.0.bind.propagation")],
    },
    Case {
        yaml: "volumes: [{type: bind, source: ./app, target: /app, bind: {selinux: z}}]",
        expected: &[Sent("HostConfig/Binds/0", ":/app:rw,z")],
    },
    Case {
        yaml: "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]",
        expected: &[Sent("HostConfig/Mounts/0/TmpfsOptions", r#"{"SizeBytes":1048576,"Mode":448}"#)],
    },
    Case {
        yaml: "volumes: [{type: volume, target: /v, volume: {nocopy: true, labels: {a: b}}}]",
        expected: &[Sent("HostConfig/Mounts/0/VolumeOptions", r#"{"NoCopy":true,"Labels":{"a":"b"}}"#)],
    },
    Case {
        yaml: "volumes: [{type: image, source: busybox, target: /i, image: {subpath: bin}}]",
        expected: &[Sent("HostConfig/Mounts/0", r#"{"Target":"/i","Source":"busybox","Type":"image","ImageOptions":{"Subpath":"bin"}}"#)],
    },
    Case {
        yaml: r#"volumes: [{type: npipe, source: "//./pipe/x", target: "//./pipe/x"}]"#,
        expected: &[Refused("services.web.volumes.0.type")],
    },
    Case {
        yaml: r#"volumes_from: ["container:other:ro"]"#,
        expected: &[Sent("HostConfig/VolumesFrom", r#"["other:ro"]"#)],
    },
    Case {
        yaml: r#"deploy:
  replicas: 2
  resources:
    limits: {cpus: "0.5", memory: 64m, pids: 9}
    reservations: {memory: 32m}
  restart_policy: {condition: on-failure, max_attempts: 3}"#,
        expected: &[At("containers/app-web-2/Image", r#""busybox""#), Sent("HostConfig/NanoCpus", "500000000"), Sent("HostConfig/Memory", "67108864"), Sent("HostConfig/PidsLimit", "9"), Sent("HostConfig/MemoryReservation", "33554432"), Sent("HostConfig/RestartPolicy", r#"{"Name":"on-failure","MaximumRetryCount":3}"#)],
    },
    Case {
        yaml: "deploy:
  restart_policy: {condition: sometimes}",
        expected: &[Refused("services.web.deploy.restart_policy.condition")],
    },
    Case {
        yaml: r#"deploy:
  update_config: {parallelism: 3, delay: 1s, failure_action: rollback, monitor: 2s, max_failure_ratio: 0.5, order: start-first}
  rollback_config: {parallelism: 2, delay: 3s, failure_action: continue, monitor: 4s, max_failure_ratio: 0.25, order: start-first}"#,
        expected: &[
            At("update/pace", "Pace { parallelism: 3, delay: 1s, start_first: true, monitor: Some(2s), on_failure: Rollback, tolerated: 0.5 }"),
            At("update/back", "Pace { parallelism: 2, delay: 3s, start_first: true, monitor: Some(4s), on_failure: Continue, tolerated: 0.25 }"),
        ],
    },
    Case {
        yaml: "deploy: {update_config: {failure_action: pray}, rollback_config: {failure_action: rollback}}",
        expected: &[Refused("services.web.deploy.update_config.failure_action"), Refused("services.web.deploy.rollback_config.failure_action")],
    },
    Case {
        yaml: "deploy: {rollback_config: {order: start-first}}",
        expected: &[Warned("services.web.deploy.rollback_config")],
    },
    Case {
        yaml: r#"deploy:
  mode: global
  endpoint_mode: vip
  labels: {a: b}
  placement: {constraints: [a==b], preferences: [{spread: x}], max_replicas_per_node: 1}
  restart_policy: {delay: 1s, window: 2s}
  resources:
    reservations:
      cpus: "0.5"
      generic_resources: [{discrete_resource_spec: {kind: SSD, value: 2}}]"#,
        expected: &[Warned("services.web.deploy.mode"), Warned("services.web.deploy.endpoint_mode"), Warned("services.web.deploy.labels"), Warned("services.web.deploy.placement"), Warned("services.web.deploy.restart_policy.delay"), Warned("services.web.deploy.restart_policy.window"), Warned("services.web.deploy.resources.reservations.cpus"), Warned("services.web.deploy.resources.reservations.generic_resources")],
    },
    Case {
        yaml: r#"deploy: {resources: {reservations: {devices: [{driver: d, device_ids: ["1"], capabilities: [compute, gpu], options: {k: v}}]}}}"#,
        expected: &[Sent("HostConfig/DeviceRequests/0", r#"{"Driver":"d","DeviceIDs":["1"],"Capabilities":[["compute","gpu"]],"Options":{"k":"v"}}"#), RefusedBuiltIn("services.web.deploy.resources.reservations.devices")],
    },
    Case {
        yaml: "deploy: {resources: {reservations: {devices: [{count: 2, capabilities: [gpu]}]}}}",
        expected: &[Sent("HostConfig/DeviceRequests/0/Count", "2"), RefusedBuiltIn("services.web.deploy.resources.reservations.devices")],
    },
    Case {
        yaml: "develop:
  watch: [{path: ./app, action: sync+exec, target: /app, ignore: [a], include: [b], initial_sync: true, exec: {command: [a], user: u, privileged: true, working_dir: /w, environment: {A: 1}}}]",
        expected: &[],
    },
    Case {
        yaml: "pull_policy: build
build:
  context: ./app
  dockerfile: Other
  args: {A: 1, TOKEN: null}
  labels: {a: b}
  cache_from: [cached]
  no_cache: true
  network: host
  pull: true
  target: last
  shm_size: 1m
  extra_hosts: {db: 10.0.0.9}
  tags: [second]
  platforms: [linux/amd64]",
        expected: &[At("build", r#"/app""#), At("build", r#"dockerfile: "Other""#), At("build", r#"args: {"A": "1", "TOKEN": "sesame"}"#), At("build", r#"labels: {"a": "b"}"#), At("build", r#"cache_from: ["cached"]"#), At("build", "no_cache: true"), At("build", r#"network: "host""#), At("build", "pull: true"), At("build", r#"target: "last""#), At("build", "shm_size: 1048576"), At("build", r#"extra_hosts: ["db:10.0.0.9"]"#), At("build", r#"tags: ["second"]"#), At("build", r#"platform: "linux/amd64""#), WarnedBuiltIn("services.web.build.cache_from")],
    },
    Case {
        yaml: "build: {context: ./app, network: mine}",
        expected: &[RefusedBuiltIn("services.web.build.network")],
    },
    Case {
        yaml: "pull_policy: build
build: {context: ./app, dockerfile_inline: FROM busybox}",
        expected: &[At("build", r#"dockerfile_inline: Some("FROM busybox")"#)],
    },
    Case {
        yaml: "build:
  context: ./app
  ssh: [default]
  additional_contexts: {other: ./app}
  entitlements: [network.host]
  privileged: true
  platforms: [linux/amd64, linux/arm64]
  cache_to: [type=inline]
  no_cache_filter: [a]
  provenance: true
  sbom: true
  ulimits: {nofile: {soft: 1, hard: 2}}
  isolation: hyperv
  shm_size: 2g",
        expected: &[Refused("services.web.build.ssh"), Refused("services.web.build.additional_contexts"), Refused("services.web.build.entitlements"), Refused("services.web.build.privileged"), Refused("services.web.build.platforms"), Refused("services.web.build.cache_to"), Refused("services.web.build.no_cache_filter"), Refused("services.web.build.provenance"), Refused("services.web.build.sbom"), Refused("services.web.build.ulimits"), Refused("services.web.build.isolation"), Refused("services.web.build.shm_size")],
    },
];
