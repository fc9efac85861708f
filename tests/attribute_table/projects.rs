//! Cases that are whole projects.

use crate::cases::Case;
use crate::cases::Expected::{At, Refused, RefusedBuiltIn, RefusedDocker, Sent, Warned};

/// Whole projects.
pub const PROJECTS: &[Case] = &[
    Case {
        yaml: "name: named
services: {web: {image: busybox}}",
        expected: &[At("containers/app-web-1/Image", r#""busybox""#)],
    },
    Case {
        yaml: r#"services:
  web: {image: busybox, depends_on: {db: {condition: service_healthy, restart: true, required: false}}}
  db: {image: busybox, healthcheck: {test: "true"}}"#,
        expected: &[Sent("Labels/com.docker.compose.depends_on", r#""db:service_healthy:true""#), At("plan", "wait until db is healthy")],
    },
    Case {
        yaml: r#"services:
  web: {image: busybox, links: ["db:alias"]}
  db: {image: busybox}"#,
        expected: &[Sent("NetworkingConfig/EndpointsConfig/app_default/Links", r#"["app-db-1:alias","app-db-1:db-1","app-db-1:app-db-1"]"#)],
    },
    Case {
        yaml: "services:
  web: {image: busybox, models: {llm: {endpoint_var: U, model_var: M}}}
models: {llm: {name: n, model: ai/m, context_size: 5, runtime_flags: [a]}}",
        expected: &[Refused("services.web.models")],
    },
    Case {
        yaml: r#"services:
  web: {image: busybox, networks: {n: {aliases: [www], interface_name: net0, ipv4_address: 10.90.0.9, mac_address: "02:42:ac:11:00:02", priority: 5, gw_priority: 6}, other: {}}}
networks: {n: {}, other: {}}"#,
        expected: &[Sent("HostConfig/NetworkMode", r#""app_n""#), Sent("NetworkingConfig/EndpointsConfig/app_n/Aliases", r#"["app-web-1","web","www"]"#), Sent("NetworkingConfig/EndpointsConfig/app_n/DriverOpts", r#"{"com.docker.network.endpoint.ifname":"net0"}"#), Sent("NetworkingConfig/EndpointsConfig/app_n/IPAMConfig/IPv4Address", r#""10.90.0.9""#), Sent("NetworkingConfig/EndpointsConfig/app_n/MacAddress", r#""02:42:ac:11:00:02""#), Sent("NetworkingConfig/EndpointsConfig/app_n/GwPriority", "6")],
    },
    Case {
        yaml: r#"services:
  web: {image: busybox, networks: {n: {ipv6_address: "fd00::9", link_local_ips: [169.254.1.1], driver_opts: {a: b}}}}
networks: {n: {}}"#,
        expected: &[Sent("NetworkingConfig/EndpointsConfig/app_n/IPAMConfig/IPv6Address", r#""fd00::9""#), Sent("NetworkingConfig/EndpointsConfig/app_n/IPAMConfig/LinkLocalIPs", r#"["169.254.1.1"]"#), Sent("NetworkingConfig/EndpointsConfig/app_n/DriverOpts", r#"{"a":"b"}"#), RefusedBuiltIn("services.web.networks.n.ipv6_address"), RefusedBuiltIn("services.web.networks.n.link_local_ips"), RefusedBuiltIn("services.web.networks.n.driver_opts")],
    },
    Case {
        yaml: r#"services: {web: {image: busybox, networks: [n]}}
networks:
  n:
    name: real
    driver: bridge
    driver_opts: {com.docker.network.driver.mtu: "1400"}
    internal: true
    attachable: true
    labels: {a: b}
    ipam: {driver: default, options: {k: v}, config: [{subnet: 10.90.0.0/24, ip_range: 10.90.0.128/25, gateway: 10.90.0.1, aux_addresses: {h: 10.90.0.5}}]}"#,
        expected: &[At("networks/real/Driver", r#""bridge""#), At("networks/real/Options", r#"{"com.docker.network.driver.mtu":"1400"}"#), At("networks/real/Internal", "true"), At("networks/real/Attachable", "true"), At("networks/real/Labels/a", r#""b""#), At("networks/real/IPAM/Driver", r#""default""#), At("networks/real/IPAM/Options", r#"{"k":"v"}"#), At("networks/real/IPAM/Config/0/Subnet", r#""10.90.0.0/24""#), At("networks/real/IPAM/Config/0/IPRange", r#""10.90.0.128/25""#), At("networks/real/IPAM/Config/0/Gateway", r#""10.90.0.1""#), At("networks/real/IPAM/Config/0/AuxiliaryAddresses", r#"{"h":"10.90.0.5"}"#)],
    },
    Case {
        yaml: r#"services: {web: {image: busybox, networks: [n]}}
networks:
  n:
    driver: macvlan
    driver_opts: {com.docker.network.bridge.inhibit_ipv4: "true"}
    enable_ipv4: false
    enable_ipv6: true
    ipam: {driver: dhcp, config: [{subnet: "fd00::/64"}]}"#,
        expected: &[At("networks/app_n/EnableIPv4", "false"), At("networks/app_n/EnableIPv6", "true"), RefusedBuiltIn("networks.n.driver"), RefusedBuiltIn("networks.n.driver_opts"), RefusedBuiltIn("networks.n.enable_ipv4"), RefusedBuiltIn("networks.n.enable_ipv6"), RefusedBuiltIn("networks.n.ipam.driver"), RefusedBuiltIn("networks.n.ipam.config.0.subnet")],
    },
    Case {
        yaml: "services: {web: {image: busybox, networks: [n]}}
networks: {n: {external: true, name: theirs}}",
        expected: &[Sent("HostConfig/NetworkMode", r#""theirs""#)],
    },
    Case {
        yaml: r#"services: {web: {image: busybox, volumes: ["data:/d", {type: volume, source: data, target: /e, volume: {subpath: sub}}]}}
volumes: {data: {name: real, driver: local, driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}, labels: {a: b}}}"#,
        expected: &[Sent("HostConfig/Binds", r#"["real:/d:rw"]"#), Sent("HostConfig/Mounts/0/VolumeOptions/Subpath", r#""sub""#), At("volumes/real/Driver", r#""local""#), At("volumes/real/DriverOpts/o", r#""size=1m""#), At("volumes/real/Labels/a", r#""b""#)],
    },
    Case {
        yaml: r#"services: {web: {image: busybox, volumes: ["data:/d", "theirs:/t"]}}
volumes: {data: {driver: weird, driver_opts: {size: 1g}}, theirs: {external: true}}"#,
        expected: &[Sent("HostConfig/Binds", r#"["app_data:/d:rw","theirs:/t:rw"]"#), RefusedBuiltIn("volumes.data.driver"), RefusedBuiltIn("volumes.data.driver_opts")],
    },
    Case {
        yaml: r#"services: {web: {image: busybox, secrets: [{source: s, target: token, uid: "1", gid: "2", mode: 0400}], configs: [{source: c, target: /etc/c, uid: "3", gid: "4", mode: 0440}]}}
secrets: {s: {environment: TOKEN}}
configs: {c: {content: hello}}"#,
        expected: &[Sent("files", r#"InlineFile { path: "/run/secrets/token", content: "sesame", uid: 1, gid: 2, mode: 256 }"#), Sent("files", r#"InlineFile { path: "/etc/c", content: "hello", uid: 3, gid: 4, mode: 288 }"#)],
    },
    Case {
        yaml: r#"services: {web: {image: busybox, secrets: [{source: s, target: token, uid: "1", gid: "2", mode: 0400}], configs: [{source: c, target: /etc/c, uid: "3", gid: "4", mode: 0440}]}}
secrets: {s: {file: ./content.txt, name: n, labels: {a: b}}}
configs: {c: {file: ./content.txt, name: n, labels: {a: b}}}"#,
        expected: &[Sent("HostConfig/Mounts/0/Target", r#""/run/secrets/token""#), Sent("HostConfig/Mounts/1/Target", r#""/etc/c""#), Warned("secrets.s.name"), Warned("secrets.s.labels"), Warned("configs.c.name"), Warned("configs.c.labels"), Warned("services.web.secrets.0.uid"), Warned("services.web.secrets.0.gid"), Warned("services.web.secrets.0.mode"), Warned("services.web.configs.0.uid"), Warned("services.web.configs.0.gid"), Warned("services.web.configs.0.mode")],
    },
    Case {
        yaml: "services: {web: {image: busybox, configs: [c]}}
configs: {c: {environment: TOKEN}}",
        expected: &[Sent("files", r#"content: "sesame""#)],
    },
    Case {
        yaml: "services: {web: {image: busybox, secrets: [s, t], configs: [c]}}
secrets: {s: {external: true}, t: {driver: d, driver_opts: {a: b}, file: ./content.txt, template_driver: golang}}
configs: {c: {content: a, template_driver: golang}}",
        expected: &[Refused("secrets.s.external"), Refused("secrets.t.driver"), Refused("secrets.t.driver_opts"), Refused("secrets.t.template_driver"), Refused("configs.c.template_driver")],
    },
    Case {
        yaml: "services: {web: {build: {context: ., secrets: [s]}}}
secrets: {s: {external: true}}",
        expected: &[Refused("secrets.s.external"), Refused("services.web.build.secrets.0.source"), RefusedDocker("services.web.build.secrets")],
    },
    Case {
        yaml: "services: {web: {image: busybox, configs: [c]}}
configs: {c: {external: true}}",
        expected: &[Refused("configs.c.external")],
    },
    Case {
        yaml: r#"services:
  web: {image: busybox, pull_policy: build, build: {context: ./app, secrets: [{source: s, target: id, uid: "1", gid: "2", mode: 0400}]}}
secrets: {s: {file: ./content.txt}}"#,
        expected: &[At("build", r#"BuildSecret { id: "id""#), RefusedDocker("services.web.build.secrets"), Warned("services.web.build.secrets.0.uid"), Warned("services.web.build.secrets.0.gid"), Warned("services.web.build.secrets.0.mode")],
    },
    Case {
        yaml: "include: [{path: base.yaml, project_directory: .}]
services: {web: {image: busybox}}",
        expected: &[At("containers/app-base-1/Hostname", r#""inherited""#)],
    },
];
