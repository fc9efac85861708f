//! What a group has used, in the units of Docker's statistics.

use std::fs;
use std::path::Path;

use super::Cgroup;

/// What a group has used up to now. A number whose file is missing is 0 (or none, where 0 would mean
/// something).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// CPU time.
    pub cpu: CpuStats,
    /// Memory.
    pub memory: MemoryStats,
    /// Tasks.
    pub pids: PidStats,
    /// Block I/O.
    pub block_io: Vec<BlockIo>,
}

/// CPU time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CpuStats {
    /// Nanoseconds.
    pub total: u64,
    /// Nanoseconds in user mode.
    pub user: u64,
    /// Nanoseconds in the kernel.
    pub system: u64,
    /// Enforcement periods.
    pub periods: u64,
    /// Periods in which the group was held back.
    pub throttled_periods: u64,
    /// Nanoseconds that the group was held back.
    pub throttled: u64,
}

/// Memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryStats {
    /// Bytes, page cache included.
    pub usage: u64,
    /// The most it ever was, where the kernel tells (v1, v2 since 5.19).
    pub max_usage: Option<u64>,
    /// Bytes; none is unlimited.
    pub limit: Option<u64>,
    /// How often memory was refused for the limit: on v1 every time that it was hit, on v2 when nothing could be reclaimed.
    pub failures: u64,
    /// Whether these are the names of cgroup v2.
    pub unified: bool,
    /// `memory.stat`, in the kernel's order.
    pub details: Vec<(String, u64)>,
}

impl MemoryStats {
    /// One value of `memory.stat`.
    pub fn detail(&self, name: &str) -> Option<u64> {
        self.details.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

/// Tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PidStats {
    /// Tasks now.
    pub current: u64,
    /// The most there may be; none is unlimited.
    pub limit: Option<u64>,
}

/// Bytes moved between a group and a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockIo {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Direction.
    pub operation: BlockOperation,
    /// Bytes.
    pub bytes: u64,
}

/// Direction of block I/O.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockOperation {
    /// From the device.
    Read,
    /// To the device.
    Write,
}

impl Cgroup {
    /// Reads the counters.
    pub fn stats(&self) -> Stats {
        match self.unified_with_controllers() {
            Some(directory) => unified(directory),
            None => Stats {
                cpu: self.legacy_cpu(),
                memory: self.legacy("memory").map(legacy_memory).unwrap_or_default(),
                pids: self.legacy("pids").map(pids).unwrap_or_default(),
                block_io: self.legacy("blkio").map(legacy_block_io).unwrap_or_default(),
            },
        }
    }

    fn legacy_cpu(&self) -> CpuStats {
        let accounting = self.legacy("cpuacct").unwrap_or(Path::new(""));
        let throttling = table(self.legacy("cpu").unwrap_or(Path::new("")), "cpu.stat");
        CpuStats {
            total: number(accounting, "cpuacct.usage").unwrap_or(0),
            user: number(accounting, "cpuacct.usage_user").unwrap_or(0),
            system: number(accounting, "cpuacct.usage_sys").unwrap_or(0),
            periods: find(&throttling, "nr_periods"),
            throttled_periods: find(&throttling, "nr_throttled"),
            throttled: find(&throttling, "throttled_time"),
        }
    }
}

/// None is unlimited, which the kernel writes as the largest number of whole pages.
pub(super) fn legacy_memory_limit(directory: &Path) -> Option<u64> {
    number(directory, "memory.limit_in_bytes").filter(|limit| *limit < 1 << 62)
}

fn legacy_memory(directory: &Path) -> MemoryStats {
    let limit = legacy_memory_limit(directory);
    MemoryStats {
        usage: number(directory, "memory.usage_in_bytes").unwrap_or(0),
        max_usage: number(directory, "memory.max_usage_in_bytes"),
        limit,
        failures: number(directory, "memory.failcnt").unwrap_or(0),
        unified: false,
        details: table(directory, "memory.stat"),
    }
}

/// `8:0 Read 4096` per line; the totals at the end have two words.
fn legacy_block_io(directory: &Path) -> Vec<BlockIo> {
    let text = fs::read_to_string(directory.join("blkio.throttle.io_service_bytes")).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (major, minor) = device(words.next()?)?;
            let operation = match words.next()? {
                "Read" => BlockOperation::Read,
                "Write" => BlockOperation::Write,
                _ => return None,
            };
            Some(BlockIo { major, minor, operation, bytes: words.next()?.parse().ok()? })
        })
        .collect()
}

fn unified(directory: &Path) -> Stats {
    let cpu = table(directory, "cpu.stat");
    let memory_events = table(directory, "memory.events");
    Stats {
        cpu: CpuStats {
            total: find(&cpu, "usage_usec") * 1000,
            user: find(&cpu, "user_usec") * 1000,
            system: find(&cpu, "system_usec") * 1000,
            periods: find(&cpu, "nr_periods"),
            throttled_periods: find(&cpu, "nr_throttled"),
            throttled: find(&cpu, "throttled_usec") * 1000,
        },
        memory: MemoryStats {
            usage: number(directory, "memory.current").unwrap_or(0),
            max_usage: number(directory, "memory.peak"),
            limit: number(directory, "memory.max"),
            failures: find(&memory_events, "oom"),
            unified: true,
            details: table(directory, "memory.stat"),
        },
        pids: pids(directory),
        block_io: unified_block_io(directory),
    }
}

fn pids(directory: &Path) -> PidStats {
    PidStats { current: number(directory, "pids.current").unwrap_or(0), limit: number(directory, "pids.max") }
}

/// `8:0 rbytes=4096 wbytes=0 …` per line.
fn unified_block_io(directory: &Path) -> Vec<BlockIo> {
    let text = fs::read_to_string(directory.join("io.stat")).unwrap_or_default();
    let mut all = Vec::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let Some((major, minor)) = words.next().and_then(device) else { continue };
        for word in words {
            let (operation, bytes) = match word.split_once('=') {
                Some(("rbytes", bytes)) => (BlockOperation::Read, bytes),
                Some(("wbytes", bytes)) => (BlockOperation::Write, bytes),
                _ => continue,
            };
            all.extend(bytes.parse().ok().map(|bytes| BlockIo { major, minor, operation, bytes }));
        }
    }
    all
}

fn device(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// None when the file is missing or says `max`.
pub(super) fn number(directory: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(directory.join(file)).ok()?.trim().parse().ok()
}

/// `name value` per line.
pub(super) fn table(directory: &Path, file: &str) -> Vec<(String, u64)> {
    let text = fs::read_to_string(directory.join(file)).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?))).collect()
}

pub(super) fn find(table: &[(String, u64)], name: &str) -> u64 {
    table.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value)
}
