//! Where the host has mounted which controllers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::spec::CgroupLimits;

/// The v1 controllers a container needs a group in. The others would only cost time at every start.
const LEGACY_CONTROLLERS: [&str; 8] =
    ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"];

/// The v2 controllers a container uses. What else the host has there is none of its business.
const UNIFIED_CONTROLLERS: [&str; 6] = ["cpu", "cpuset", "hugetlb", "io", "memory", "pids"];

/// The host's cgroup mounts, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchies {
    pub(super) unified: Option<PathBuf>,
    /// Those of a container's controllers that are on the cgroup2 hierarchy; empty on a hybrid host that has
    /// them all on v1.
    pub(super) unified_controllers: Vec<String>,
    pub(super) legacy: Vec<Hierarchy>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hierarchy {
    pub(super) name: String,
    pub(super) controllers: Vec<String>,
    pub(super) mount_point: PathBuf,
}

impl Hierarchies {
    /// Reads this process's mounts.
    ///
    /// # Errors
    /// `/proc/self/mountinfo` cannot be read, or there is no cgroup mount at all.
    pub fn detect() -> io::Result<Self> {
        let mut found = Self::parse(&fs::read_to_string("/proc/self/mountinfo")?);
        if let Some(unified) = &found.unified {
            let controllers = fs::read_to_string(unified.join("cgroup.controllers"))?;
            let used = controllers.split_whitespace().filter(|name| UNIFIED_CONTROLLERS.contains(name));
            found.unified_controllers = used.map(str::to_owned).collect();
        }
        if found.unified.is_none() && found.legacy.is_empty() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "no cgroup file system is mounted"));
        }
        Ok(found)
    }

    /// As [`Self::detect`], but read once per process and inherited by its children.
    ///
    /// # Errors
    /// As [`Self::detect`].
    pub fn of_this_host() -> io::Result<&'static Self> {
        static KNOWN: OnceLock<Hierarchies> = OnceLock::new();
        if let Some(known) = KNOWN.get() {
            return Ok(known);
        }
        let detected = Self::detect()?;
        Ok(KNOWN.get_or_init(|| detected))
    }

    fn parse(mountinfo: &str) -> Self {
        let mut found = Self { unified: None, unified_controllers: Vec::new(), legacy: Vec::new() };
        for line in mountinfo.lines() {
            let Some((mount, file_system)) = line.split_once(" - ") else { continue };
            let Some(mount_point) = mount.split(' ').nth(4).map(PathBuf::from) else { continue };
            let mut fields = file_system.split(' ');
            match (fields.next(), fields.nth(1)) {
                (Some("cgroup2"), _) => found.unified = found.unified.or(Some(mount_point)),
                (Some("cgroup"), Some(options)) => found.add_legacy(&mount_point, options),
                _ => {}
            }
        }
        if found.unified.is_some() {
            // cgroup2 beside it freezes too, and every hierarchy costs time at each start.
            found.legacy.retain(|hierarchy| hierarchy.controllers != ["freezer"]);
        }
        found
    }

    fn add_legacy(&mut self, mount_point: &Path, options: &str) {
        let known = |option: &&str| LEGACY_CONTROLLERS.contains(option);
        let controllers: Vec<String> = options.split(',').filter(known).map(str::to_owned).collect();
        let seen = self.legacy.iter().any(|other| other.controllers == controllers);
        if controllers.is_empty() || seen {
            return;
        }
        let name = mount_point.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.legacy.push(Hierarchy { name, controllers, mount_point: mount_point.to_owned() });
    }

    /// Whether all controllers are on cgroup v2, which decides Docker's defaults (contract 1.1.2).
    pub fn is_unified(&self) -> bool {
        self.legacy.is_empty()
    }

    /// Whether a controller is there at all.
    pub fn has(&self, controller: &str) -> bool {
        let unified = if controller == "blkio" { "io" } else { controller };
        self.unified_controllers.iter().any(|known| known == unified)
            || self
                .legacy
                .iter()
                .any(|hierarchy| hierarchy.controllers.iter().any(|known| known == controller))
    }

    /// What of `limits` this host cannot do and [`super::Cgroup::create`] therefore leaves out, in Docker's
    /// words for a warning (contract 1.13.2).
    pub fn unsupported(&self, limits: &CgroupLimits) -> Vec<String> {
        const NO_GROUP: &str = "or the cgroup is not mounted";
        let v1_only = [
            (
                limits.memory_swappiness.is_some(),
                format!("memory swappiness capabilities {NO_GROUP}. Memory swappiness discarded."),
            ),
            (limits.oom_kill_disable, "OomKillDisable. OomKillDisable discarded.".to_owned()),
        ];
        let controllers = [
            (limits.memory.is_some(), "memory", "memory limit capabilities", "Limitation"),
            (limits.memory_reservation.is_some(), "memory", "memory soft limit capabilities", "Limitation"),
            (limits.cpu_quota.is_some(), "cpu", "CPU CFS quotas", "Quota"),
            (limits.cpu_shares.is_some(), "cpu", "CPU shares", "Shares"),
            (limits.cpuset_cpus.is_some() || limits.cpuset_mems.is_some(), "cpuset", "cpuset", "Cpuset"),
            (limits.pids.is_some(), "pids", "PIDs limit capabilities", "PIDs limit"),
            (limits.blkio_weight.is_some(), "blkio", "Block I/O weight", "Weight"),
        ];
        let on_v2 = v1_only.into_iter().filter(|(wanted, _)| *wanted && self.is_unified());
        let missing = controllers.iter().filter(|(wanted, controller, ..)| *wanted && !self.has(controller));
        let no_swap = limits.memory_swap.is_some_and(|swap| swap >= 0) && self.lacks_swap_accounting();
        let unsupported = on_v2
            .map(|(_, text)| text)
            .chain(missing.map(|(_, _, what, lost)| format!("{what} {NO_GROUP}. {lost} discarded.")))
            .chain(
                no_swap.then(|| format!("swap limit capabilities {NO_GROUP}. Memory limited without swap.")),
            );
        unsupported.map(|text| format!("Your kernel does not support {text}")).collect()
    }

    fn lacks_swap_accounting(&self) -> bool {
        let mut legacy =
            self.legacy.iter().filter(|group| group.controllers.iter().any(|name| name == "memory"));
        legacy.next().is_some_and(|group| !group.mount_point.join("memory.memsw.limit_in_bytes").exists())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
30 29 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
31 29 0:26 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,xattr,name=systemd
32 29 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
33 29 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 29 0:28 / /elsewhere rw,relatime - cgroup cgroup rw,memory
";

    #[test]
    fn a_hybrid_host_is_understood() {
        let found = Hierarchies::parse(HYBRID);
        let names: Vec<_> = found.legacy.iter().map(|hierarchy| hierarchy.name.as_str()).collect();
        assert_eq!(names, ["cpu,cpuacct", "memory"]);
        assert_eq!(found.unified, Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert!(!found.is_unified() && found.has("cpuacct") && !found.has("pids"));
    }

    #[test]
    fn what_cannot_be_limited_is_said() {
        let limits = CgroupLimits { pids: Some(5), memory: Some(1 << 30), ..CgroupLimits::default() };
        let warnings = Hierarchies::parse(HYBRID).unsupported(&limits);
        assert_eq!(
            warnings,
            [
                "Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded."
            ]
        );
    }
}
