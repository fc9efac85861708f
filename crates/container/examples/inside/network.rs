//! Names and addresses: the managed files, interfaces, and the settings of kernel and network.

use std::fs;

use crate::report::{Report, text_of};

const SETTINGS: [&str; 24] = [
    "kernel/hostname",
    "kernel/domainname",
    "kernel/msgmax",
    "kernel/msgmnb",
    "kernel/msgmni",
    "kernel/sem",
    "kernel/shmall",
    "kernel/shmmax",
    "kernel/shmmni",
    "kernel/shm_rmid_forced",
    "fs/mqueue/msg_max",
    "fs/mqueue/msgsize_max",
    "fs/mqueue/queues_max",
    "net/core/somaxconn",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_unprivileged_port_start",
    "net/ipv4/ping_group_range",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/tcp_syncookies",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv6/conf/all/disable_ipv6",
    "net/ipv6/conf/default/disable_ipv6",
    "user/max_user_namespaces",
];

pub fn describe(report: &mut Report) {
    for file in ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"] {
        report.note(format!("text of {file}"), text_of(file));
    }
    for setting in SETTINGS {
        let value = text_of(&format!("/proc/sys/{setting}"));
        report.note(format!("setting {setting}"), value.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let mut interfaces: Vec<String> = fs::read_dir("/sys/class/net")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    interfaces.sort();
    for interface in &interfaces {
        let value = text_of(&format!("/sys/class/net/{interface}/mtu"));
        report.note(format!("mtu of {interface}"), value);
    }
    report.note("interfaces", interfaces.join(" "));
    let routes = text_of("/proc/net/route");
    let is_default = |line: &&str| line.split_whitespace().nth(1) == Some("00000000");
    report.note("default routes", routes.lines().filter(is_default).count().to_string());
}
