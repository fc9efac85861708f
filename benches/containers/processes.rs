//! The processes of an engine, and the memory they take.

use std::fs;
use std::path::Path;

/// Monitor and worker of the engine in a folder.
pub fn own(root: &Path) -> Vec<u64> {
    let text = fs::read_to_string(root.join("engine.pid")).expect("the engine runs");
    let pids: serde_json::Value = serde_json::from_str(&text).expect("a pid file");
    ["monitor", "worker"].iter().map(|who| pids[who]["pid"].as_u64().expect("a pid")).collect()
}

/// All processes of Docker on this machine: the daemons, and one shim for each container.
pub fn of_docker() -> Vec<u64> {
    let pids = fs::read_dir("/proc")
        .expect("/proc is mounted")
        .filter_map(|item| item.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        ["dockerd", "containerd", "containerd-shim", "docker-proxy"].contains(&name.trim())
    })
    .collect()
}

/// Proportional resident memory, in bytes: a page that several of them share counts once (`smaps_rollup`, Linux 4.14).
pub fn memory(pids: &[u64]) -> u64 {
    pids.iter().map(|pid| proportional(*pid)).sum()
}

fn proportional(pid: u64) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}
