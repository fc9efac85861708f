//! Limits as the files and values that the kernel wants (contract 1.13.3–1.13.5). Pure but for one look at
//! which files exist.

use std::path::Path;

use super::stats::number;
use crate::spec::{BlockDeviceRate, CgroupLimits};

/// Microseconds; Docker's and the kernel's default.
const DEFAULT_PERIOD: u64 = 100_000;

/// One value for one file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) controller: &'static str,
    pub(super) file: &'static str,
    pub(super) value: String,
    /// The file may be missing.
    pub(super) optional: bool,
}

fn required(controller: &'static str, file: &'static str, value: impl ToString) -> Write {
    Write { controller, file, value: value.to_string(), optional: false }
}

fn optional(controller: &'static str, file: &'static str, value: impl ToString) -> Write {
    Write { optional: true, ..required(controller, file, value) }
}

/// The writes for the v1 hierarchies; `current_memory` is the group's limit now, none is unlimited.
pub(super) fn legacy(limits: &CgroupLimits, current_memory: Option<u64>) -> Vec<Write> {
    let mut writes = legacy_memory(limits, current_memory);
    writes.extend(limits.cpu_period.map(|period| required("cpu", "cpu.cfs_period_us", period)));
    writes.extend(limits.cpu_quota.map(|quota| required("cpu", "cpu.cfs_quota_us", quota)));
    writes.extend(limits.cpu_shares.map(|shares| required("cpu", "cpu.shares", shares)));
    writes.extend(cpuset(limits));
    writes.extend(limits.pids.map(|count| required("pids", "pids.max", pids(count))));
    writes.extend(limits.blkio_weight.map(|weight| optional("blkio", "blkio.bfq.weight", weight)));
    let throttles = [
        (&limits.device_read_bps, "blkio.throttle.read_bps_device"),
        (&limits.device_write_bps, "blkio.throttle.write_bps_device"),
        (&limits.device_read_iops, "blkio.throttle.read_iops_device"),
        (&limits.device_write_iops, "blkio.throttle.write_iops_device"),
    ];
    for (rates, file) in throttles {
        writes.extend(
            rates.iter().map(|rate| required("blkio", file, format!("{} {}", device(rate), rate.rate))),
        );
    }
    writes
}

/// Memory may never be above memory + swap, so the one that grows comes first (contract 1.13.5).
fn legacy_memory(limits: &CgroupLimits, current: Option<u64>) -> Vec<Write> {
    let mut writes = Vec::new();
    writes.extend(limits.memory.map(|bytes| required("memory", "memory.limit_in_bytes", bytes)));
    writes.extend(limits.memory_swap.map(|bytes| optional("memory", "memory.memsw.limit_in_bytes", bytes)));
    if limits.memory.zip(current).is_some_and(|(new, current)| new > current) {
        writes.reverse();
    }
    writes.extend(
        limits.memory_reservation.map(|bytes| required("memory", "memory.soft_limit_in_bytes", bytes)),
    );
    writes.extend(limits.memory_swappiness.map(|value| required("memory", "memory.swappiness", value)));
    if limits.oom_kill_disable {
        writes.push(required("memory", "memory.oom_control", 1));
    }
    writes
}

fn cpuset(limits: &CgroupLimits) -> Vec<Write> {
    let cpus = limits.cpuset_cpus.iter().map(|cpus| required("cpuset", "cpuset.cpus", cpus));
    cpus.chain(limits.cpuset_mems.iter().map(|mems| required("cpuset", "cpuset.mems", mems))).collect()
}

/// The writes for the cgroup2 directory `group`.
pub(super) fn unified(limits: &CgroupLimits, group: &Path) -> Vec<Write> {
    let mut writes = unified_memory(limits, group);
    if limits.cpu_quota.is_some() || limits.cpu_period.is_some() {
        let quota =
            limits.cpu_quota.filter(|quota| *quota > 0).map_or("max".to_owned(), |quota| quota.to_string());
        let period = limits.cpu_period.unwrap_or(DEFAULT_PERIOD);
        writes.push(required("cpu", "cpu.max", format!("{quota} {period}")));
    }
    let shares = limits.cpu_shares.filter(|shares| *shares > 0);
    writes.extend(shares.map(|shares| required("cpu", "cpu.weight", weight_of_shares(shares))));
    writes.extend(cpuset(limits));
    writes.extend(limits.pids.map(|count| required("pids", "pids.max", pids(count))));
    writes.extend(limits.blkio_weight.map(|weight| unified_io_weight(weight, group)));
    let rates = [
        (&limits.device_read_bps, "rbps"),
        (&limits.device_write_bps, "wbps"),
        (&limits.device_read_iops, "riops"),
        (&limits.device_write_iops, "wiops"),
    ];
    for (rates, key) in rates {
        let values = rates.iter().map(|rate| format!("{} {key}={}", device(rate), rate.rate));
        writes.extend(values.map(|value| required("io", "io.max", value)));
    }
    writes
}

/// Swap before memory (contract 1.13.5).
fn unified_memory(limits: &CgroupLimits, group: &Path) -> Vec<Write> {
    let mut writes = Vec::new();
    if let Some(total) = limits.memory_swap {
        // The sum alone changes: the memory is what it was.
        let memory = limits.memory.or_else(|| number(group, "memory.max")).unwrap_or(0);
        let swap =
            u64::try_from(total).map_or("max".to_owned(), |total| total.saturating_sub(memory).to_string());
        writes.push(optional("memory", "memory.swap.max", swap));
    }
    writes.extend(limits.memory.map(|bytes| required("memory", "memory.max", bytes)));
    writes.extend(limits.memory_reservation.map(|bytes| required("memory", "memory.low", bytes)));
    writes
}

fn unified_io_weight(weight: u16, group: &Path) -> Write {
    if group.join("io.bfq.weight").exists() {
        return required("io", "io.bfq.weight", weight);
    }
    let scaled = 1 + (u64::from(weight).saturating_sub(10)) * 9999 / 990;
    optional("io", "io.weight", scaled)
}

fn pids(count: i64) -> String {
    if count > 0 { count.to_string() } else { "max".to_owned() }
}

fn device(rate: &BlockDeviceRate) -> String {
    format!("{}:{}", rate.major, rate.minor)
}

/// v1 shares (2..=262144, 1024 is one) on the scale of v2 weights (1..=10000, 100 is one), contract 1.13.4.
fn weight_of_shares(shares: u64) -> u64 {
    match shares {
        0..=2 => 1,
        262_144.. => 10_000,
        _ => {
            let log = (shares as f64).log2();
            10f64.powf((log * log + 125.0 * log) / 612.0 - 7.0 / 34.0).ceil() as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(writes: &[Write]) -> Vec<(&str, &str)> {
        writes.iter().map(|write| (write.file, write.value.as_str())).collect()
    }

    #[test]
    fn shares_become_weights() {
        let points = [
            (2, 1),
            (128, 21),
            (256, 35),
            (512, 59),
            (1024, 100),
            (2048, 174),
            (4096, 303),
            (262_144, 10_000),
        ];
        for (shares, weight) in points {
            assert_eq!(weight_of_shares(shares), weight, "{shares}");
        }
    }

    #[test]
    fn memory_and_cpu_on_both_versions() {
        let mut limits = CgroupLimits {
            memory: Some(100),
            memory_swap: Some(250),
            pids: Some(0),
            ..CgroupLimits::default()
        };
        limits.set_nano_cpus(1_500_000_000);
        let v1 = legacy(&limits, None);
        assert_eq!(
            values(&v1),
            [
                ("memory.limit_in_bytes", "100"),
                ("memory.memsw.limit_in_bytes", "250"),
                ("cpu.cfs_period_us", "100000"),
                ("cpu.cfs_quota_us", "150000"),
                ("pids.max", "max"),
            ]
        );
        let v2 = unified(&limits, Path::new("/nonexistent"));
        assert_eq!(
            values(&v2),
            [
                ("memory.swap.max", "150"),
                ("memory.max", "100"),
                ("cpu.max", "150000 100000"),
                ("pids.max", "max")
            ]
        );
    }

    #[test]
    fn the_memory_limit_that_grows_comes_first() {
        let limits = CgroupLimits { memory: Some(100), memory_swap: Some(250), ..CgroupLimits::default() };
        assert_eq!(legacy(&limits, Some(200))[0].file, "memory.limit_in_bytes");
        assert_eq!(legacy(&limits, Some(50))[0].file, "memory.memsw.limit_in_bytes");
    }

    #[test]
    fn block_io_on_v2() {
        let rate = BlockDeviceRate { major: 8, minor: 0, rate: 1 << 20 };
        let limits =
            CgroupLimits { blkio_weight: Some(500), device_write_bps: vec![rate], ..CgroupLimits::default() };
        let writes = unified(&limits, Path::new("/nonexistent"));
        assert_eq!(values(&writes), [("io.weight", "4950"), ("io.max", "8:0 wbps=1048576")]);
    }
}
