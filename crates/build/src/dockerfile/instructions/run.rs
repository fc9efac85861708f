//! `RUN`.

use super::super::error::Problem;
use super::super::flags::{FlagKind, Known};
use super::super::model::Run;
use super::super::mount;
use super::{Line, command_line};

const FLAGS: Known = &[
    ("mount", FlagKind::List),
    ("network", FlagKind::Value),
    ("security", FlagKind::Value),
    ("device", FlagKind::List),
];

pub(super) fn parse(line: &Line) -> Result<Run, Problem> {
    let (flags, rest) = line.flags(FLAGS)?;
    if rest.is_empty() {
        return Err(line.needs("a command"));
    }
    if !flags.values("device").is_empty() {
        return Err(Problem::new("RUN --device is not supported"));
    }
    check_security(flags.value("security").as_deref())?;
    let mounts = flags.values("mount");
    for mount in mounts.iter().filter(|mount| !mount.contains('$')) {
        mount::parse(mount)?;
    }
    let network = flags.value("network");
    check_network(network.as_deref())?;
    Ok(Run { command: command_line(rest)?, heredocs: line.heredocs.to_vec(), mounts, network })
}

fn check_security(mode: Option<&str>) -> Result<(), Problem> {
    match mode {
        None | Some("sandbox") => Ok(()),
        Some("insecure") => Err(Problem::new(
            "RUN --security=insecure is not supported: it needs the entitlement security.insecure",
        )),
        Some(other) => Err(Problem::new(format!("--security takes sandbox or insecure, not {other:?}"))),
    }
}

fn check_network(mode: Option<&str>) -> Result<(), Problem> {
    match mode {
        None | Some("default" | "none" | "host") => Ok(()),
        Some(other) => Err(Problem::new(format!("--network takes default, none or host, not {other:?}"))),
    }
}
