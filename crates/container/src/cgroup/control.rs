//! Killing, freezing and watching the processes of a group.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::stats::{find, table};
use super::{Cgroup, CgroupError, write};

/// How long freezing may take before it is given up.
const FREEZE_DEADLINE: Duration = Duration::from_secs(2);

/// What happened to a group for lack of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryEvents {
    /// How many of its processes the OOM killer has killed.
    pub oom_kills: u64,
}

impl Cgroup {
    /// Sends SIGKILL to every process of the group (`cgroup.kill`, kernel 5.14; else frozen and one by one).
    /// A frozen group is thawed, so that the signal works. A group that does not exist has no processes.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn kill(&self) -> Result<(), CgroupError> {
        if let Some(unified) = self.unified.as_deref().filter(|unified| unified.join("cgroup.kill").exists())
        {
            write(unified, "cgroup.kill", "1")?;
        } else if self.directories().next().is_some_and(Path::exists) {
            // Frozen processes cannot fork away from the loop.
            let _kill_anyway = self.freeze();
            for pid in self.processes()? {
                kill(pid);
            }
        }
        if self.is_frozen() { self.thaw() } else { Ok(()) }
    }

    /// Stops all processes of the group and waits until they stand.
    ///
    /// # Errors
    /// The kernel refuses, or it takes more than 2 s.
    pub fn freeze(&self) -> Result<(), CgroupError> {
        let freezer = self.freezer()?;
        freezer.set(true)?;
        freezer.wait_until_frozen()
    }

    /// Lets the processes of the group go on. A group that does not exist, or not any more in every hierarchy, has none.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn thaw(&self) -> Result<(), CgroupError> {
        let thawed = self.freezer().and_then(|freezer| freezer.set(false));
        // Looked at afterwards: what was killed before it is thawed may be removed meanwhile.
        if self.directories().any(|directory| !directory.exists()) { Ok(()) } else { thawed }
    }

    /// Whether the group is frozen.
    pub fn is_frozen(&self) -> bool {
        self.freezer().is_ok_and(|freezer| freezer.is_frozen())
    }

    /// The pids of the group's processes, in this process's PID namespace, children groups not included.
    ///
    /// # Errors
    /// The group cannot be read.
    pub fn processes(&self) -> Result<Vec<i32>, CgroupError> {
        let Some(directory) = self.directories().next() else { return Ok(Vec::new()) };
        let path = directory.join("cgroup.procs");
        let text = fs::read_to_string(&path).map_err(|source| CgroupError::new("read", &path, source))?;
        Ok(text.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect())
    }

    /// What happened for lack of memory; read it before [`Self::remove`] (contract 1.11.7).
    pub fn memory_events(&self) -> MemoryEvents {
        let counters = match (self.unified_with_controllers(), self.legacy("memory")) {
            (Some(unified), _) => table(unified, "memory.events"),
            (None, Some(legacy)) => table(legacy, "memory.oom_control"),
            (None, None) => Vec::new(),
        };
        MemoryEvents { oom_kills: find(&counters, "oom_kill") }
    }

    fn freezer(&self) -> Result<Freezer<'_>, CgroupError> {
        let unified = self.unified.as_deref().filter(|unified| unified.join("cgroup.freeze").exists());
        match (unified, self.legacy("freezer")) {
            (Some(directory), _) => Ok(Freezer { directory, unified: true }),
            (None, Some(directory)) => Ok(Freezer { directory, unified: false }),
            (None, None) => {
                let path = self.directories().next().unwrap_or(Path::new("/"));
                let source = io::Error::new(io::ErrorKind::Unsupported, "no freezer is mounted");
                Err(CgroupError::new("freeze", path, source))
            }
        }
    }
}

/// Where a group is frozen: v2's file has a readable result in another one, v1's is both.
struct Freezer<'a> {
    directory: &'a Path,
    unified: bool,
}

impl Freezer<'_> {
    fn set(&self, frozen: bool) -> Result<(), CgroupError> {
        match (self.unified, frozen) {
            (true, frozen) => write(self.directory, "cgroup.freeze", if frozen { "1" } else { "0" }),
            (false, true) => write(self.directory, "freezer.state", "FROZEN"),
            (false, false) => write(self.directory, "freezer.state", "THAWED"),
        }
    }

    fn is_frozen(&self) -> bool {
        if self.unified {
            return find(&table(self.directory, "cgroup.events"), "frozen") == 1;
        }
        fs::read_to_string(self.directory.join("freezer.state")).is_ok_and(|state| state.trim() == "FROZEN")
    }

    fn wait_until_frozen(&self) -> Result<(), CgroupError> {
        let deadline = Instant::now() + FREEZE_DEADLINE;
        while !self.is_frozen() {
            if Instant::now() >= deadline {
                self.set(false)?;
                return Err(CgroupError::new("freeze", self.directory, io::ErrorKind::TimedOut.into()));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }
}

fn kill(pid: i32) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        // It may have ended meanwhile.
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}
