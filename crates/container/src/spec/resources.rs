//! A container's cgroup and its limits, as data. Units are those of Docker's API (contract 1.13).

use serde::{Deserialize, Serialize};

use super::devices::DeviceRule;

/// Where the container's cgroup is and what it may use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CgroupSpec {
    /// The parent, relative to the root of every hierarchy: `wharf`, `wharf-1a2b3c4d`, or a user's
    /// `cgroup_parent`.
    pub parent: String,
    /// The last component: the container's id.
    pub name: String,
    /// Limits.
    #[serde(default)]
    pub limits: CgroupLimits,
    /// Which devices may be used, in order; the last match wins. Empty leaves the kernel's default
    /// (everything).
    #[serde(default)]
    pub device_rules: Vec<DeviceRule>,
}

/// Limits; none leaves the kernel's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CgroupLimits {
    /// Bytes.
    pub memory: Option<u64>,
    /// Bytes of memory **plus** swap; -1 is unlimited (contract 1.13.1).
    pub memory_swap: Option<i64>,
    /// Soft limit in bytes.
    pub memory_reservation: Option<u64>,
    /// 0..=100, cgroup v1 only.
    pub memory_swappiness: Option<u64>,
    /// Do not kill on memory shortage, cgroup v1 only.
    pub oom_kill_disable: bool,
    /// Microseconds of CPU time per period.
    pub cpu_quota: Option<i64>,
    /// Microseconds; 100 000 when only the quota is given.
    pub cpu_period: Option<u64>,
    /// Relative weight, 1024 is one share.
    pub cpu_shares: Option<u64>,
    /// CPUs as `0-3,5`.
    pub cpuset_cpus: Option<String>,
    /// Memory nodes as `0,1`.
    pub cpuset_mems: Option<String>,
    /// Number of tasks; 0 or less is unlimited.
    pub pids: Option<i64>,
    /// Relative block I/O weight, 10..=1000.
    pub blkio_weight: Option<u16>,
    /// Bytes per second read from a device.
    pub device_read_bps: Vec<BlockDeviceRate>,
    /// Bytes per second written to a device.
    pub device_write_bps: Vec<BlockDeviceRate>,
    /// Read operations per second.
    pub device_read_iops: Vec<BlockDeviceRate>,
    /// Write operations per second.
    pub device_write_iops: Vec<BlockDeviceRate>,
}

/// A rate on one block device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockDeviceRate {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Bytes or operations per second.
    pub rate: u64,
}

impl CgroupLimits {
    /// The limits for a number of CPUs in billionths (`--cpus 1.5` is 1 500 000 000).
    pub fn set_nano_cpus(&mut self, nano_cpus: i64) {
        self.cpu_period = Some(100_000);
        self.cpu_quota = Some(nano_cpus / 10_000);
    }
}
