//! A process's name over time: pid, start time and boot.

use std::fs;
use std::io::{self, Read};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::Pidfd;

/// Names one process for ever: a reused pid has another start time, another boot another boot id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// In the PID namespace of the engine.
    pub pid: i32,
    /// Clock ticks between boot and the start of the process (`proc_pid_stat(5)`, field 22).
    pub start_time: u64,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
}

impl Identity {
    /// The identity of the process that has `pid` now.
    ///
    /// # Errors
    /// There is no such process, or `/proc` cannot be read.
    pub fn of(pid: i32) -> io::Result<Self> {
        let (start_time, _) = stat(pid)?;
        Ok(Self { pid, start_time, boot_id: boot_id()?.to_owned() })
    }

    /// Whether that very process still runs. A zombie does not.
    pub fn is_alive(&self) -> bool {
        let same_boot = boot_id().is_ok_and(|boot_id| boot_id == self.boot_id);
        same_boot && stat(self.pid).is_ok_and(|(start, state)| start == self.start_time && !is_dead(state))
    }

    /// A descriptor of that very process.
    ///
    /// # Errors
    /// `NotFound` when it is gone, or what `pidfd_open(2)` says.
    pub fn open(&self) -> io::Result<Pidfd> {
        let pidfd = Pidfd::open(self.pid)?;
        // The descriptor pins the process, so a check made afterwards cannot be overtaken by a reuse of the
        // pid.
        if self.is_alive() { Ok(pidfd) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

fn boot_id() -> io::Result<&'static str> {
    static BOOT_ID: OnceLock<String> = OnceLock::new();
    if let Some(known) = BOOT_ID.get() {
        return Ok(known);
    }
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(BOOT_ID.get_or_init(|| text.trim().to_owned()))
}

/// Longer than any `/proc/<pid>/stat`: 52 numbers, and a name of 64 bytes at most.
const MAX_STAT: usize = 2048;

/// Start time and state letter of `pid`.
fn stat(pid: i32) -> io::Result<(u64, u8)> {
    // The kernel gives all of it at once, and this is on the way of every probe: no second look for an end.
    let mut text = [0; MAX_STAT];
    let length = fs::File::open(format!("/proc/{pid}/stat"))?.read(&mut text)?;
    parse_stat(&String::from_utf8_lossy(&text[..length])).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The command (field 2) may contain spaces and parentheses, so the fields count from the last `)`.
fn parse_stat(text: &str) -> Option<(u64, u8)> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    Some((fields.nth(18)?.parse().ok()?, state))
}

const fn is_dead(state: u8) -> bool {
    matches!(state, b'Z' | b'X' | b'x')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_a_later_one_with_its_pid_is_not() {
        let mut identity = Identity::of(std::process::id() as i32).unwrap();
        assert!(identity.is_alive());
        assert!(identity.open().is_ok());
        identity.start_time += 1;
        assert!(!identity.is_alive());
        assert_eq!(identity.open().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn another_boot_is_another_process() {
        let identity = Identity { boot_id: "other".into(), ..Identity::of(1).unwrap() };
        assert!(!identity.is_alive());
    }

    #[test]
    fn a_command_with_parentheses_does_not_shift_the_fields() {
        let text = "7 (a) S (b)) R 1 7 7 0 -1 4 1 0 0 0 1 2 0 0 20 0 1 0 4242 1 1";
        assert_eq!(parse_stat(text), Some((4242, b'R')));
    }
}
