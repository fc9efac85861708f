//! Takes out of what was shown what differs from one run to the next: identifiers, addresses, folders of an engine.
//!
//! Nothing else: what an engine decides stays, and is the ledger's business.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::side::{Seen, disk};

/// What is the host's, as a container without any namespace of its own sees it.
#[derive(Default)]
pub struct Normaliser {
    namespaces: BTreeMap<String, String>,
    hosts: String,
    hostname: String,
    nameservers: Vec<String>,
    /// The number of the disk that limits are for.
    disk: String,
}

/// The options of a mount's file system that are the disk's and not the engine's.
const DISKS: [&str; 4] = ["ext4 ", "xfs ", "btrfs ", "overlay "];

/// Through how many of its programs an error of Docker Engine came.
const LAYERS: [&str; 4] = [
    "failed to create shim task: OCI runtime create failed: ",
    "runc create failed: ",
    "unable to start container process: ",
    "error during container init: ",
];

/// Numbers that count processes.
const PIDS: [&str; 5] = ["status Pid", "status PPid", "status NSpid", "process group", "session"];

impl Normaliser {
    pub fn learn_host(&mut self, seen: &Seen) {
        self.namespaces = namespaces(seen);
        self.hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default().trim_end().to_owned();
        let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        self.hostname = hostname.trim().to_owned();
        let resolver = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        let words = resolver.lines().filter_map(|line| line.strip_prefix("nameserver "));
        self.nameservers = words.map(|word| word.trim().to_owned()).collect();
        self.disk = disk().1;
    }

    /// Everything that the program inside saw; `donor` is what it saw in the container whose namespaces are joined.
    pub fn seen(&self, seen: Seen, donor: Option<&Seen>, text: impl Fn(&str) -> String) -> Seen {
        let donors = donor.map(namespaces).unwrap_or_default();
        let own_pid = seen.get("status Pid").cloned().unwrap_or_default();
        let hosts_processes = seen.get("namespace pid") == self.namespaces.get("namespace pid");
        let mut normal = Seen::new();
        for (key, value) in seen {
            if PIDS.contains(&key.as_str()) {
                normal.insert(key, pid(&value, &own_pid));
                continue;
            }
            // The host's first process is the machine's business.
            if hosts_processes && key.starts_with("process 1 ") {
                continue;
            }
            let value = match key.split(' ').next().unwrap_or_default() {
                // One of its own in any case; the numbers of those that are gone are used again.
                "namespace" if key.ends_with(" mnt") => continue,
                "namespace" if self.namespaces.get(&key) == Some(&value) => "the host's".to_owned(),
                "namespace" if donors.get(&key) == Some(&value) => "the other container's".to_owned(),
                "namespace" => "its own".to_owned(),
                "mount" if key == "mount /dev/shm" && value.starts_with("tmpfs tmpfs ") => {
                    "the host's".to_owned()
                }
                "mount" => mount(&text(&value)),
                "cgroup" => value.replace(&format!("{} ", self.disk), "{disk} "),
                "descriptor" => descriptor(&text(&value)),
                "text" if value == self.hostname => "{the host's name}".to_owned(),
                "text" => self.file(&key, &text(&value)),
                _ if value == self.hostname => "{the host's name}".to_owned(),
                _ => text(&value),
            };
            normal.insert(text(&key), value);
        }
        normal
    }

    /// A managed file. Comments in it are the engine's own, and the host's name servers the machine's.
    fn file(&self, key: &str, value: &str) -> String {
        if key.ends_with("/hosts") && value == self.hosts {
            return "the host's".to_owned();
        }
        let lines = value.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let words = lines
            .map(|line| line.split(['\t', ' ']).map(|word| self.address(word)).collect::<Vec<_>>().join(" "));
        words.collect::<Vec<_>>().join("\n")
    }

    fn address<'a>(&self, word: &'a str) -> &'a str {
        if self.nameservers.iter().any(|server| server == word) {
            return "{the host's server}";
        }
        match word.parse::<Ipv4Addr>() {
            Ok(address) if address.is_private() => "{address}",
            _ => word,
        }
    }

    /// Identifiers and everything else that any text can contain.
    pub fn text(&self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len());
        let is_word = |character: char| character.is_ascii_alphanumeric();
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let (before, from) = rest.split_at(start);
            let (word, after) =
                from.split_at(from.find(|character| !is_word(character)).unwrap_or(from.len()));
            normal.push_str(before);
            normal.push_str(identifier(word).unwrap_or(word));
            rest = after;
        }
        normal.push_str(rest);
        numbered(&normal)
    }

    /// What the client says: without its own advice.
    pub fn message(&self, stderr: &str) -> String {
        let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let text = lines.filter(|line| !line.starts_with("Run 'docker")).collect::<Vec<_>>().join("\n");
        LAYERS.iter().fold(text, |text, layer| text.replace(layer, ""))
    }
}

/// Which process it is; how many there were before it says nothing.
fn pid(value: &str, own: &str) -> String {
    match value {
        "0" | "1" => value.to_owned(),
        value if value == own => "its own".to_owned(),
        _ => "another's".to_owned(),
    }
}

fn namespaces(seen: &Seen) -> BTreeMap<String, String> {
    let namespaces = seen.iter().filter(|(key, _)| key.starts_with("namespace "));
    namespaces.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn identifier(word: &str) -> Option<&'static str> {
    let is_hex = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match word.len() {
        64 if is_hex => Some("{id}"),
        12 if is_hex => Some("{short id}"),
        _ => None,
    }
}

/// The names that cases get: which number a case has says nothing.
fn numbered(text: &str) -> String {
    let mut parts = text.split("wharf-probe-");
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        normal.push_str("wharf-probe-");
        normal.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    normal
}

/// `kind source root=ROOT options [propagation] super=OPTIONS`: a folder of the engine counts by its name.
fn mount(value: &str) -> String {
    let of_a_disk = DISKS.iter().any(|kind| value.starts_with(kind));
    let fields = value.split(' ').map(|field| match field.split_once('=') {
        Some(("root", path)) if of_a_disk => {
            let depth = path.split('/').count();
            let name = path.rsplit('/').next().unwrap_or_default();
            if depth > 2 { format!("root=../{name}") } else { field.to_owned() }
        }
        Some(("root", path)) if path.contains("{id}") => "root=../{id}".to_owned(),
        Some(("super", _)) if of_a_disk => "super=..".to_owned(),
        _ => field.to_owned(),
    });
    let mut fields: Vec<String> = fields.collect();
    if of_a_disk && fields.len() > 1 && fields[1].starts_with("/dev/") {
        fields[0] = "disk".into();
        fields[1] = "..".into();
    }
    fields.join(" ")
}

/// A stream counts by what it is, not by where its engine keeps it.
fn descriptor(value: &str) -> String {
    let is_file = value.starts_with('/') && value.contains("{id}");
    if is_file { "a named pipe of the engine".to_owned() } else { value.to_owned() }
}

#[test]
fn what_differs_between_runs_is_taken_out() {
    let normaliser = Normaliser::default();
    let id = "4f1bf1e70249".to_owned() + &"0".repeat(52);
    assert_eq!(normaliser.text(&format!("/docker/{id}/x {}", &id[..12])), "/docker/{id}/x {short id}");
    assert_eq!(normaliser.text("wharf-probe-12-a 0000000000000000"), "wharf-probe--a 0000000000000000");
    assert_eq!(
        mount("ext4 /dev/vda root=/var/lib/x/hosts relatime,rw [] super=discard,rw"),
        "disk .. root=../hosts relatime,rw [] super=.."
    );
    assert_eq!(mount("proc proc root=/sys ro [] super=rw"), "proc proc root=/sys ro [] super=rw");
}
