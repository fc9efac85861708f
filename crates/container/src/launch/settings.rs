//! Sysctls, resource limits and the OOM score (contract 1.9).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::error::{At, SetupError};
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::monitor::limits;
use crate::spec::{Namespace, Namespaces, NetworkNamespace, Process, ResourceLimit};

const STAGE: Stage = Stage::Settings;

/// Sysctls of the IPC namespace, besides `fs.mqueue.*` (contract 1.9.5).
const IPC_SYSCTLS: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// Sets each sysctl that belongs to a namespace of the container's own; refuses any other.
pub(super) fn set_sysctls(
    sysctls: &BTreeMap<String, String>,
    namespaces: &Namespaces,
    proc: &Root,
) -> Result<(), SetupError> {
    for (name, value) in sysctls {
        let path = sysctl_path(name).filter(|path| is_own(path, namespaces));
        let path = path.ok_or_else(|| SetupError::new(STAGE, refusal(name)))?;
        write_proc(proc, &format!("sys/{path}"), value).at(STAGE, || format!("set sysctl {name}={value}"))?;
    }
    Ok(())
}

/// Why a sysctl cannot be set, in Docker's words.
fn refusal(name: &str) -> String {
    let own = Namespaces::default();
    match sysctl_path(name).filter(|path| is_own(path, &own)) {
        Some(path) if path.starts_with("net/") => {
            format!("sysctl {name:?} not allowed in host network namespace")
        }
        Some(path) if path == "kernel/domainname" => {
            format!("sysctl {name:?} is not allowed in the hosts uts namespace")
        }
        Some(_) => format!("sysctl {name:?} is not allowed in the hosts ipc namespace"),
        None => format!("sysctl {name:?} is not in a separate kernel namespace"),
    }
}

/// `net.ipv4.conf.eth0/1.x` and `net/ipv4/conf/eth0.1/x` name the same file: the separator that comes first
/// separates.
fn sysctl_path(name: &str) -> Option<String> {
    let first = name.find(['.', '/'])?;
    let path: String = if name.as_bytes()[first] == b'/' {
        name.to_owned()
    } else {
        let swap = |letter| match letter {
            '.' => '/',
            '/' => '.',
            other => other,
        };
        name.chars().map(swap).collect()
    };
    let plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    plain.then_some(path)
}

fn is_own(path: &str, namespaces: &Namespaces) -> bool {
    let own = |namespace: &Namespace| *namespace == Namespace::New;
    if path.starts_with("net/") {
        return namespaces.network != NetworkNamespace::Host;
    }
    let dotted = path.replace('/', ".");
    if IPC_SYSCTLS.contains(&dotted.as_str()) || path.starts_with("fs/mqueue/") {
        return own(&namespaces.ipc);
    }
    dotted == "kernel.domainname" && own(&namespaces.uts)
}

fn write_proc(proc: &Root, path: &str, value: &str) -> std::io::Result<()> {
    open_proc(proc, path)?.write_all(value.as_bytes())
}

/// Opens a file for writing that is below our own procfs and nothing mounted over it.
pub(super) fn open_proc(proc: &Root, path: &str) -> std::io::Result<File> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    let file = openat2(proc, Path::new(path), OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty(), resolve)?;
    Ok(file.into())
}

/// Resource limits and the OOM score of this process, which its program inherits.
pub(super) fn set_limits(process: &Process, proc: &Root) -> Result<(), SetupError> {
    limits::restore_open_files().at(STAGE, || "restore the limit of open files".into())?;
    for limit in &process.resource_limits {
        set_resource_limit(limit)?;
    }
    let Some(score) = process.oom_score_adj else { return Ok(()) };
    write_proc(proc, "self/oom_score_adj", &score.to_string())
        .at(STAGE, || format!("set the OOM score adjustment to {score}"))
}

fn set_resource_limit(limit: &ResourceLimit) -> Result<(), SetupError> {
    let unknown = || SetupError::new(STAGE, format!("invalid ulimit type: {}", limit.name));
    let resource = resource(&limit.name.to_ascii_lowercase()).ok_or_else(unknown)?;
    let value = |value: i64| u64::try_from(value).ok();
    let new = Rlimit { current: value(limit.soft), maximum: value(limit.hard) };
    setrlimit(resource, new).at(STAGE, || format!("set ulimit {}={}:{}", limit.name, limit.soft, limit.hard))
}

fn resource(name: &str) -> Option<Resource> {
    Some(match name.strip_prefix("rlimit_").unwrap_or(name) {
        "as" => Resource::As,
        "core" => Resource::Core,
        "cpu" => Resource::Cpu,
        "data" => Resource::Data,
        "fsize" => Resource::Fsize,
        "locks" => Resource::Locks,
        "memlock" => Resource::Memlock,
        "msgqueue" => Resource::Msgqueue,
        "nice" => Resource::Nice,
        "nofile" => Resource::Nofile,
        "nproc" => Resource::Nproc,
        "rss" => Resource::Rss,
        "rtprio" => Resource::Rtprio,
        "rttime" => Resource::Rttime,
        "sigpending" => Resource::Sigpending,
        "stack" => Resource::Stack,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_sysctl() {
        let cases = [
            ("net.ipv4.conf.eth0/1.forwarding", Some("net/ipv4/conf/eth0.1/forwarding")),
            ("net/ipv4/conf/eth0.1/forwarding", Some("net/ipv4/conf/eth0.1/forwarding")),
            ("kernel.shmmax", Some("kernel/shmmax")),
            ("kernel", None),
            ("net/../kernel/core_pattern", None),
            ("net.//.kernel", None),
        ];
        for (name, path) in cases {
            assert_eq!(sysctl_path(name).as_deref(), path, "{name}");
        }
    }

    #[test]
    fn only_namespaced_sysctls_are_the_containers() {
        let own = Namespaces::default();
        let host = Namespaces { network: NetworkNamespace::Host, ipc: Namespace::Host, ..own.clone() };
        assert!(is_own("net/core/somaxconn", &own) && !is_own("net/core/somaxconn", &host));
        assert!(is_own("kernel/shmmax", &own) && !is_own("fs/mqueue/msg_max", &host));
        for never in ["kernel/hostname", "kernel/core_pattern", "vm/swappiness", "fs/file-max"] {
            assert!(!is_own(never, &own), "{never}");
        }
    }
}
