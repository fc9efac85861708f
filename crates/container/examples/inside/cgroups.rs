//! The limits that a program finds in `/sys/fs/cgroup`, on v1 and v2.

use std::fs;

use crate::report::{Report, text_of};

const FILES: [&str; 42] = [
    "memory/memory.limit_in_bytes",
    "memory/memory.memsw.limit_in_bytes",
    "memory/memory.soft_limit_in_bytes",
    "memory/memory.swappiness",
    "memory/memory.use_hierarchy",
    "memory/memory.oom_control",
    "cpu/cpu.cfs_period_us",
    "cpu/cpu.cfs_quota_us",
    "cpu/cpu.shares",
    "cpu/cpu.rt_runtime_us",
    "cpuset/cpuset.cpus",
    "cpuset/cpuset.mems",
    "cpuset/cgroup.clone_children",
    "pids/pids.max",
    "devices/devices.list",
    "blkio/blkio.weight",
    "blkio/blkio.bfq.weight",
    "blkio/blkio.throttle.read_bps_device",
    "blkio/blkio.throttle.write_bps_device",
    "blkio/blkio.throttle.read_iops_device",
    "blkio/blkio.throttle.write_iops_device",
    "memory.max",
    "memory.low",
    "memory.high",
    "memory.swap.max",
    "cpu.max",
    "cpu.weight",
    "cpuset.cpus",
    "cpuset.mems",
    "pids.max",
    "io.max",
    "io.weight",
    "io.bfq.weight",
    "io.latency",
    "cpu.idle",
    "cpu.max.burst",
    "cpuset.cpus.partition",
    "memory.oom.group",
    "memory.min",
    "hugetlb.2MB.max",
    "cgroup.type",
    "cgroup.controllers",
];

pub fn describe(report: &mut Report) {
    for line in text_of("/proc/self/cgroup").lines() {
        // The number of a hierarchy is the host's.
        let Some((controllers, path)) = line.split_once(':').and_then(|(_, rest)| rest.split_once(':'))
        else {
            continue;
        };
        report.note(format!("in cgroup of {controllers:?}"), path);
    }
    for file in FILES {
        let value = text_of(&format!("/sys/fs/cgroup/{file}"));
        report.note(format!("cgroup {file}"), lines(&value));
    }
    let listing = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
    let mut names: Vec<String> = listing.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let folders: Vec<String> = names.into_iter().filter(|name| !name.contains('.')).collect();
    report.note("cgroup folders", folders.join(" "));
}

/// Of one order: device rules of equal effect come in any.
fn lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("; ")
}
