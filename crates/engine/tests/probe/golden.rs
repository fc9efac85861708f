//! What Docker Engine showed when it was last asked, for machines that have none.
//!
//! One file per kernel. Each begins with the kernel that it was made on; a case is `[name]` and what it shows differently from the one that it is `like`: `calls` and `plain` are
//! the case without options, the latter without its system calls. `-` in front of a key: it is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::cases::Case;
use crate::compare::Difference;
use crate::ledger::escape;
use crate::side::{Seen, Shown};

/// All cases on cgroup v1, and those that cgroups decide on cgroup v2: the latter in the machine of `tests/vm`.
const TEXTS: [&str; 2] = [include_str!("golden.txt"), include_str!("golden-v2.txt")];
/// The case that the others are told by.
const FIRST: &str = "calls";

#[derive(Clone)]
pub struct Golden {
    /// The kernel it was made on, and its cgroups.
    pub kernel: String,
    cases: BTreeMap<String, Seen>,
}

/// Kernel and cgroup layout of this machine: what the values in the golden file depend on.
pub fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let is_v2 = fs::metadata("/sys/fs/cgroup/cgroup.controllers").is_ok();
    // Stable releases change nothing that a program may rely on.
    let version: Vec<&str> = release.trim().splitn(3, '.').take(2).collect();
    format!("Linux {} with cgroup {}", version.join("."), if is_v2 { "v2" } else { "v1" })
}

/// Whether a key can be compared on a machine with the same kernel: what the machine or the environment of the engine
/// decides cannot.
fn of_this_kernel(key: &str) -> bool {
    const MACHINES: [&str; 10] = [
        "limit ",
        "setting user/",
        "status Cpus_allowed",
        "status Mems_allowed",
        "cgroup cpuset/",
        "cgroup folders",
        "interfaces",
        "mtu of",
        "text of /etc/resolv.conf",
        "self ",
    ];
    const DEVICES: [&str; 9] = ["console", "fd", "full", "given", "null", "ptmx", "std", "urandom", "zero"];
    match key.strip_prefix("device /dev/") {
        Some(name) => DEVICES.iter().any(|known| name.starts_with(known)),
        None => !MACHINES.iter().any(|start| key.starts_with(start)),
    }
}

/// Whether a difference says anything on a machine like the one that the file was made on.
pub fn on_this_machine(one: &Difference) -> bool {
    of_this_kernel(&one.key) && (one.key != "setting net/ipv4/ip_forward" || forwards())
}

/// New network namespaces take this from the first one. Docker Engine switches it on there; the engine under test, which has a
/// namespace of its own, switches it on in that.
fn forwards() -> bool {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").is_ok_and(|text| text.trim() == "1")
}

/// Whether a difference says anything on any machine: what kernels and cgroup layouts decide, and cases about them, do
/// not.
pub fn on_any_machine(one: &Difference) -> bool {
    const KERNELS: [&str; 15] = [
        "syscall",
        "socket",
        "cgroup ",
        "in cgroup",
        "mount ",
        "read ",
        "open ",
        "setting ",
        "make ",
        "namespace cgroup",
        "namespace time",
        "text of /etc/hosts",
        "personality",
        "clone with",
        "default routes",
    ];
    const CASES: [&str; 12] = [
        "memory",
        "oom",
        "cpu",
        "pids",
        "blkio",
        "device",
        "privileged",
        "calls",
        "ulimit",
        "out of",
        "sysctl",
        "exec with all",
    ];
    of_this_kernel(&one.key)
        && !KERNELS.iter().any(|start| one.key.starts_with(start))
        && !CASES.iter().any(|start| one.case.starts_with(start))
}

impl Golden {
    /// What is known of this kernel, else of the first.
    pub fn read() -> Golden {
        let known = TEXTS.map(Golden::parse);
        let [first, ..] = &known;
        known.iter().find(|golden| golden.kernel == kernel()).unwrap_or(first).clone()
    }

    fn parse(text: &str) -> Golden {
        let mut lines = text.lines();
        let kernel = lines.next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default().to_owned();
        let mut cases: BTreeMap<String, Seen> = BTreeMap::new();
        let mut name = String::new();
        for line in lines {
            if let Some((case, like)) = line.strip_prefix('[').and_then(|line| line.split_once("] like ")) {
                name = case.to_owned();
                let first = cases.get(FIRST).cloned().unwrap_or_default();
                cases.insert(name.clone(), start(first, like));
            } else if let Some(seen) = cases.get_mut(&name) {
                apply(seen, line);
            }
        }
        Golden { kernel, cases }
    }

    /// What was shown in those cases, in the form of a comparison. A case that the file does not know is one that
    /// nobody has asked Docker Engine.
    pub fn of(&self, chosen: &[Case]) -> Shown {
        chosen
            .iter()
            .map(|case| {
                let seen = self.cases.get(case.name);
                (
                    case.name,
                    seen.unwrap_or_else(|| {
                        panic!("nobody knows Docker's {:?} on {}", case.name, self.kernel)
                    })
                    .clone(),
                )
            })
            .collect()
    }

    /// # Panics
    /// The file cannot be written.
    pub fn write(shown: &Shown, path: &Path) {
        let first = shown.get(FIRST).cloned().unwrap_or_default();
        let mut text = format!("# {}\n", kernel());
        write_case(&mut text, FIRST, "nothing", &Seen::new(), &first);
        for (name, seen) in shown.iter().filter(|(name, _)| **name != FIRST) {
            let like = like(seen);
            write_case(&mut text, name, like, &start(first.clone(), like), seen);
        }
        fs::write(path, text).unwrap();
    }
}

/// What a case is told by.
fn like(seen: &Seen) -> &'static str {
    match (seen.contains_key("syscall 0"), seen.contains_key("arguments")) {
        (true, _) => "calls",
        (false, true) => "plain",
        (false, false) => "nothing",
    }
}

fn start(first: Seen, like: &str) -> Seen {
    const CALLS: [&str; 4] = ["syscall ", "socket of ", "personality ", "clone with "];
    match like {
        "calls" => first,
        "plain" => {
            first.into_iter().filter(|(key, _)| !CALLS.iter().any(|start| key.starts_with(start))).collect()
        }
        _ => Seen::new(),
    }
}

fn apply(seen: &mut Seen, line: &str) {
    if let Some(key) = line.strip_prefix("- ") {
        seen.remove(key);
    } else if let Some((key, value)) = line.split_once(" = ") {
        seen.insert(key.to_owned(), unescape(value));
    } else {
        assert!(line.is_empty(), "what is {line:?}?");
    }
}

fn write_case(text: &mut String, name: &str, like: &str, start: &Seen, seen: &Seen) {
    let _ = writeln!(text, "[{name}] like {like}");
    let differs = |key: &&String| start.get(*key) != seen.get(*key) && of_this_kernel(key);
    for key in start.keys().chain(seen.keys()).filter(differs).collect::<BTreeSet<_>>() {
        let _ = match seen.get(key) {
            Some(value) => writeln!(text, "{key} = {}", escape(value)),
            None => writeln!(text, "- {key}"),
        };
    }
    text.push('\n');
}

fn unescape(value: &str) -> String {
    let mut text = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('!') => text.push('|'),
                other => text.extend(other),
            },
            plain => text.push(plain),
        }
    }
    text
}
