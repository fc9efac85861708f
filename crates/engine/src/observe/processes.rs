//! `top`: the processes of a container, as the host sees them, in the columns of `ps`.
//!
//! Docker runs the host's `ps`; this reads `/proc` itself, so that a bare machine needs none. Arguments that are not known here are
//! the host's `ps`'s business, where it has one.

use std::collections::HashMap;
use std::fs;

use jiff::Timestamp;

use super::columns::{self, Column};
use super::host_ps;
use crate::error::{Error, Result};
use crate::model::summary::Top;

/// One process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// On the host.
    pub pid: i32,
    /// Of its parent, on the host.
    pub parent: i32,
    /// Effective user.
    pub uid: u32,
    /// State letter of the kernel.
    pub state: char,
    /// It leads a session.
    pub session_leader: bool,
    /// Device number of its terminal, 0 without.
    pub terminal: u32,
    /// Ticks in user mode and in the kernel.
    pub ticks: u64,
    /// Ticks between the start of the host and its own.
    pub started: u64,
    /// Threads.
    pub threads: u32,
    /// Nice value.
    pub nice: i32,
    /// Bytes of address space.
    pub virtual_size: u64,
    /// Pages in memory.
    pub resident_pages: u64,
    /// Name of the executable as the kernel knows it.
    pub name: String,
    /// Arguments joined by blanks; the name in brackets when there are none.
    pub command: String,
}

/// What columns need to know about the host.
pub struct Host {
    /// When it was started, in seconds since 1970.
    pub booted: i64,
    /// Now.
    pub now: Timestamp,
    /// Ticks per second.
    pub tick_rate: u64,
    /// Bytes of a page.
    pub page_size: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// User names by number.
    pub users: HashMap<u32, String>,
}

/// The processes `pids` in the columns that `arguments` (of `ps`) choose; those that ended meanwhile are left out.
///
/// # Errors
/// Arguments that neither this nor the host's `ps` knows; the host cannot be read.
pub fn top(pids: &[i32], arguments: &str) -> Result<Top> {
    let columns = match columns::chosen(arguments) {
        Ok(columns) => columns,
        Err(unknown) => return host_ps::top(pids, arguments)?.ok_or(unknown),
    };
    let host = Host::read()?;
    let mut processes: Vec<Process> = pids.iter().filter_map(|pid| Process::read(*pid)).collect();
    processes.sort_by_key(|process| process.pid);
    Ok(Top {
        titles: columns.iter().map(|column| column.title.to_owned()).collect(),
        processes: processes.iter().map(|process| row(&columns, process, &host)).collect(),
    })
}

fn row(columns: &[&Column], process: &Process, host: &Host) -> Vec<String> {
    columns.iter().map(|column| (column.value)(process, host)).collect()
}

impl Process {
    /// Reads it; `None` when it is gone.
    fn read(pid: i32) -> Option<Process> {
        let file = |name: &str| fs::read(format!("/proc/{pid}/{name}")).ok();
        let mut process = parse_stat(&String::from_utf8_lossy(&file("stat")?))?;
        process.uid = effective_uid(&String::from_utf8_lossy(&file("status")?))?;
        process.command = command(&file("cmdline")?, &process.name);
        Some(process)
    }
}

/// `/proc/<pid>/stat` (proc_pid_stat(5)). The name is in parentheses and may contain some itself.
fn parse_stat(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // The manual counts from 1, and the state after the name is its field 3.
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Process {
        pid: pid.parse().ok()?,
        name: name.to_owned(),
        state: field(3)?.chars().next()?,
        parent: field(4)?.parse().ok()?,
        session_leader: field(6)? == pid,
        terminal: field(7)?.parse::<i32>().ok()?.cast_unsigned(),
        ticks: field(14)?.parse::<u64>().ok()? + field(15)?.parse::<u64>().ok()?,
        nice: field(19)?.parse().ok()?,
        threads: field(20)?.parse().ok()?,
        started: field(22)?.parse().ok()?,
        virtual_size: field(23)?.parse().ok()?,
        resident_pages: field(24)?.parse().ok()?,
        ..Process::default()
    })
}

/// `Uid: real effective saved filesystem`.
fn effective_uid(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

fn command(cmdline: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(cmdline);
    let words: Vec<&str> = text.split_terminator('\0').collect();
    if words.is_empty() { format!("[{name}]") } else { words.join(" ") }
}

impl Host {
    fn read() -> Result<Host> {
        let read = |path: &str| fs::read_to_string(path).map_err(Error::io("read", path));
        let stat = read("/proc/stat")?;
        let booted = stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
        Ok(Host {
            booted: booted.unwrap_or_default(),
            now: Timestamp::now(),
            tick_rate: rustix::param::clock_ticks_per_second().max(1),
            page_size: rustix::param::page_size() as u64,
            memory: super::stats::host_memory(&read("/proc/meminfo")?),
            // A host without user names shows their numbers.
            users: users(&fs::read_to_string("/etc/passwd").unwrap_or_default()),
        })
    }
}

fn users(passwd: &str) -> HashMap<u32, String> {
    passwd
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            Some((fields.nth(1)?.parse().ok()?, name.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found() {
        let pid = std::process::id().cast_signed();
        let top = top(&[pid, i32::MAX], "").unwrap();
        assert_eq!(top.titles, ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
        assert_eq!(top.processes.len(), 1);
        assert_eq!(top.processes[0][1], pid.to_string());
        let argument = std::env::args().next().unwrap();
        assert!(top.processes[0][7].contains(&argument), "{:?}", top.processes);
    }

    #[test]
    fn a_name_with_parentheses_is_read() {
        let stat = "7 (a) (b) S 1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 2 0 55 4096 9 0";
        let process = parse_stat(stat).unwrap();
        assert_eq!((process.name.as_str(), process.parent, process.session_leader), ("a) (b", 1, true));
        assert_eq!((process.ticks, process.threads, process.started), (7, 2, 55));
        assert_eq!((process.virtual_size, process.resident_pages), (4096, 9));
    }

    #[test]
    fn a_kernel_thread_has_its_name_in_brackets() {
        assert_eq!(command(b"", "kthreadd"), "[kthreadd]");
        assert_eq!(command(b"sleep\x001000\0", "sleep"), "sleep 1000");
    }
}
