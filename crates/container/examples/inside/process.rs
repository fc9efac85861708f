//! The process itself: identity, rights, limits, environment, streams, namespaces, and who else is there.

use std::fs;
use std::io::IsTerminal;

use crate::report::{Report, text_of};

/// The lines of `/proc/self/status` that an engine decides.
const STATUS: [&str; 14] = [
    "Umask",
    "Pid",
    "PPid",
    "Uid",
    "Gid",
    "Groups",
    "NSpid",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "CapAmb",
    "NoNewPrivs",
    "Seccomp",
];
/// Also there, but longer.
const MORE_STATUS: [&str; 5] =
    ["Seccomp_filters", "SigBlk", "SigIgn", "Cpus_allowed_list", "Mems_allowed_list"];

pub fn describe(report: &mut Report) {
    status(report);
    limits(report);
    for (name, value) in std::env::vars() {
        report.note(format!("env {name}"), value);
    }
    let arguments: Vec<String> = std::env::args().collect();
    report.note("arguments", arguments.join(" "));
    let directory = std::env::current_dir();
    report.note(
        "working directory",
        directory.map_or_else(|error| error.to_string(), |path| path.display().to_string()),
    );
    streams(report);
    namespaces(report);
    for file in
        ["oom_score_adj", "timerslack_ns", "coredump_filter", "loginuid", "setgroups", "uid_map", "gid_map"]
    {
        report.note(format!("self {file}"), text_of(&format!("/proc/self/{file}")));
    }
    session(report);
    first_process(report);
}

fn status(report: &mut Report) {
    let status = text_of("/proc/self/status");
    for line in status.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if STATUS.contains(&name) || MORE_STATUS.contains(&name) {
            report.note(format!("status {name}"), value.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

fn limits(report: &mut Report) {
    for line in text_of("/proc/self/limits").lines().skip(1) {
        let (name, values) = line.split_at(line.len().min(26));
        let values: Vec<&str> = values.split_whitespace().take(2).collect();
        report.note(format!("limit {}", name.trim()), values.join(" "));
    }
}

fn streams(report: &mut Report) {
    let terminals =
        [std::io::stdin().is_terminal(), std::io::stdout().is_terminal(), std::io::stderr().is_terminal()];
    for (number, terminal) in terminals.into_iter().enumerate() {
        report.note(format!("stream {number} is a terminal"), terminal.to_string());
    }
    let listing = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    for entry in listing {
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let target = target.display().to_string();
        // The listing itself.
        if !target.starts_with("/proc/") {
            let kind = target.split(":[").next().unwrap_or_default();
            report.note(format!("descriptor {}", entry.file_name().display()), kind);
        }
    }
    for number in 0..3 {
        let path = format!("/proc/self/fd/{number}");
        let owner = fs::metadata(path).map(|data| std::os::unix::fs::MetadataExt::uid(&data).to_string());
        report.note(format!("owner of stream {number}"), owner.unwrap_or_else(|error| error.to_string()));
    }
}

fn namespaces(report: &mut Report) {
    for kind in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
        let link = fs::read_link(format!("/proc/self/ns/{kind}"));
        report.note(
            format!("namespace {kind}"),
            link.map_or_else(|error| error.to_string(), |path| path.display().to_string()),
        );
    }
}

/// Session, process group and controlling terminal, from `/proc/self/stat`.
fn session(report: &mut Report) {
    let stat = text_of("/proc/self/stat");
    let Some((_, fields)) = stat.rsplit_once(") ") else { return };
    let fields: Vec<&str> = fields.split(' ').collect();
    for (name, index) in [("process group", 2), ("session", 3), ("controlling terminal", 4)] {
        report.note(name, fields.get(index).copied().unwrap_or_default());
    }
}

fn first_process(report: &mut Report) {
    report.note("process 1 command line", text_of("/proc/1/cmdline").replace('\0', " ").trim());
    report.note("process 1 name", text_of("/proc/1/comm"));
    let own = std::process::id().to_string();
    let listing = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = listing.filter_map(|entry| entry.file_name().into_string().ok());
    let others =
        names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && *name != own && name != "1");
    report.note("sees processes of others", (others.count() > 0).to_string());
}
