//! Resource use of one container in the shape of `GET /containers/{id}/stats`.

use std::fs;

use indexmap::IndexMap;
use jiff::Timestamp;
use wharf_container::cgroup::{self, BlockIo, BlockOperation, Cgroup};

use crate::error::{Error, Result};
use crate::model::stats::{
    BlkioEntry, BlkioStats, CpuStats, CpuUsage, MemoryStats, NetworkStats, PidsStats, Stats, ThrottlingData,
};

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;
/// Ways to spend time in the first line of `/proc/stat` that Docker adds up; the guest times after them are part of the first two.
const CPU_STATES: usize = 8;

/// What a container and the host had used at one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    read: Timestamp,
    usage: cgroup::Stats,
    /// Nanoseconds of all CPUs of the host together.
    host_cpu: u64,
    /// Bytes of the host's memory: the limit of a container without one.
    host_memory: u64,
    online_cpus: u32,
    networks: IndexMap<String, NetworkStats>,
}

impl Sample {
    /// Measures now. `networks` are the counters of [`network_devices`], none for a container on the host's network.
    ///
    /// # Errors
    /// The host's own counters cannot be read.
    pub fn take(cgroup: &Cgroup, networks: IndexMap<String, NetworkStats>) -> Result<Sample> {
        let stat = read("/proc/stat")?;
        Ok(Sample {
            read: Timestamp::now(),
            usage: cgroup.stats(),
            host_cpu: host_cpu(&stat),
            host_memory: host_memory(&read("/proc/meminfo")?),
            online_cpus: online_cpus(&stat),
            networks,
        })
    }
}

/// A sample as the API answers it, with the CPU numbers of an earlier one to compare with.
pub fn statistics(id: &str, name: &str, sample: &Sample, earlier: Option<&Sample>) -> Stats {
    Stats {
        name: format!("/{name}"),
        id: id.to_owned(),
        read: sample.read.to_string(),
        preread: earlier.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |sample| sample.read.to_string()),
        pids_stats: pids(&sample.usage),
        blkio_stats: block_io(&sample.usage),
        cpu_stats: cpu(sample),
        precpu_stats: earlier.map(cpu).unwrap_or_default(),
        memory_stats: memory(&sample.usage.memory, sample.host_memory),
        networks: sample.networks.clone(),
        ..Stats::default()
    }
}

/// Counters of the network devices that a process sees, without loopback.
///
/// # Errors
/// The process is gone.
pub fn network_devices(pid: i32) -> Result<IndexMap<String, NetworkStats>> {
    Ok(read(&format!("/proc/{pid}/net/dev"))?.lines().filter_map(network_device).collect())
}

/// `eth0: 486 5 0 0 …`; the two header lines have no colon behind their first word.
fn network_device(line: &str) -> Option<(String, NetworkStats)> {
    let (name, counters) = line.split_once(':')?;
    let numbers: Vec<u64> = counters.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let [
        rx_bytes,
        rx_packets,
        rx_errors,
        rx_dropped,
        _,
        _,
        _,
        _,
        tx_bytes,
        tx_packets,
        tx_errors,
        tx_dropped,
        ..,
    ] = numbers[..]
    else {
        return None;
    };
    let device = NetworkStats {
        rx_bytes,
        rx_packets,
        rx_errors,
        rx_dropped,
        tx_bytes,
        tx_packets,
        tx_errors,
        tx_dropped,
    };
    Some((name.trim().to_owned(), device)).filter(|(name, _)| name != "lo")
}

fn cpu(sample: &Sample) -> CpuStats {
    let used = &sample.usage.cpu;
    CpuStats {
        cpu_usage: CpuUsage {
            total_usage: used.total,
            percpu_usage: None,
            usage_in_kernelmode: used.system,
            usage_in_usermode: used.user,
        },
        system_cpu_usage: Some(sample.host_cpu),
        online_cpus: Some(sample.online_cpus),
        throttling_data: ThrottlingData {
            periods: used.periods,
            throttled_periods: used.throttled_periods,
            throttled_time: used.throttled,
        },
    }
}

/// "Unlimited" is the largest number on cgroup v2 and left out on v1, as in Docker.
fn pids(usage: &cgroup::Stats) -> PidsStats {
    let unlimited = usage.memory.unified.then_some(u64::MAX);
    PidsStats { current: Some(usage.pids.current), limit: usage.pids.limit.or(unlimited) }
}

/// Docker tells the most that was ever used on cgroup v1 only.
fn memory(used: &cgroup::MemoryStats, host_memory: u64) -> MemoryStats {
    MemoryStats {
        usage: Some(used.usage),
        max_usage: used.max_usage.filter(|_| !used.unified),
        stats: used.details.iter().cloned().collect(),
        failcnt: Some(used.failures).filter(|failures| *failures > 0),
        limit: Some(used.limit.unwrap_or(host_memory).min(host_memory)),
    }
}

/// cgroup v2 has bytes only; clients tell the versions apart by the other lists being absent or empty.
fn block_io(usage: &cgroup::Stats) -> BlkioStats {
    let other = || if usage.memory.unified { None } else { Some(Vec::new()) };
    BlkioStats {
        io_service_bytes_recursive: Some(usage.block_io.iter().map(block_io_entry).collect()),
        io_serviced_recursive: other(),
        io_queue_recursive: other(),
        io_service_time_recursive: other(),
        io_wait_time_recursive: other(),
        io_merged_recursive: other(),
        io_time_recursive: other(),
        sectors_recursive: other(),
    }
}

fn block_io_entry(entry: &BlockIo) -> BlkioEntry {
    let op = match entry.operation {
        BlockOperation::Read => "read",
        BlockOperation::Write => "write",
    };
    BlkioEntry { major: entry.major.into(), minor: entry.minor.into(), op: op.to_owned(), value: entry.bytes }
}

fn host_cpu(stat: &str) -> u64 {
    let words = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(CPU_STATES);
    let ticks: u64 = words.filter_map(|word| word.parse::<u64>().ok()).sum();
    ticks.saturating_mul(NANOSECONDS_PER_SECOND / rustix::param::clock_ticks_per_second().max(1))
}

fn online_cpus(stat: &str) -> u32 {
    let is_cpu = |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| !rest.starts_with(' '));
    u32::try_from(stat.lines().filter(is_cpu).count()).unwrap_or(u32::MAX)
}

/// Bytes of memory that this host has.
///
/// # Errors
/// `/proc/meminfo` cannot be read.
pub fn total_memory() -> Result<u64> {
    Ok(host_memory(&read("/proc/meminfo")?))
}

/// Bytes of memory that `/proc/meminfo` tells.
pub(super) fn host_memory(meminfo: &str) -> u64 {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = total.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).map_err(Error::io("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 0 0\ncpu1 0 0\nintr 5\n";

    #[test]
    fn the_hosts_cpu_time_is_in_nanoseconds() {
        let tick = NANOSECONDS_PER_SECOND / rustix::param::clock_ticks_per_second();
        assert_eq!(host_cpu(STAT), 36 * tick);
        assert_eq!(online_cpus(STAT), 2);
        assert_eq!(host_memory("MemTotal:       1000 kB\nMemFree: 1 kB\n"), 1_024_000);
    }

    #[test]
    fn devices_have_both_directions_and_loopback_is_left_out() {
        let line = " eth0: 486 5 1 2 0 0 0 0 84 2 3 4 0 0 0 0";
        let (name, device) = network_device(line).unwrap();
        assert_eq!(name, "eth0");
        assert_eq!((device.rx_bytes, device.rx_dropped, device.tx_bytes, device.tx_dropped), (486, 2, 84, 4));
        assert!(network_device("    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0").is_none());
        assert!(network_device(" face |bytes    packets").is_none());
    }

    #[test]
    fn a_container_without_a_limit_has_the_hosts() {
        let used = cgroup::MemoryStats { usage: 5, ..Default::default() };
        assert_eq!(memory(&used, 100).limit, Some(100));
    }
}
