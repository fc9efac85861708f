//! One sample of what a container uses, in the docker client's terms.

use bollard::models::{ContainerBlkioStatEntry, ContainerCpuStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::cli::Failure;
use crate::engine::{Engine, EngineError};
use crate::output::{self, units};
use crate::plan::observed::ObservedContainer;

/// What a container used between two looks, and uses now. Zero for one that does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// Share of one processor, in percent: two busy ones are 200.
    cpu: f64,
    /// Bytes of memory without the page cache that could be given back, and the most there may be.
    memory: (u64, u64),
    /// Bytes received and sent.
    network: (u64, u64),
    /// Bytes read from and written to disks.
    disks: (u64, u64),
    /// Processes and threads.
    processes: u64,
}

impl Sample {
    /// Asks the engine for one.
    ///
    /// # Errors
    /// The engine cannot give it.
    pub(super) async fn take(engine: &Engine, container: &ObservedContainer) -> Result<Sample, Failure> {
        if !container.is_running() {
            return Ok(Sample::default());
        }
        let options = StatsOptionsBuilder::default().stream(false).build();
        let mut stats = Box::pin(engine.docker().stats(&container.id, Some(options)));
        match stats.next().await {
            Some(Ok(stats)) => Ok(Sample::from_stats(&stats)),
            Some(Err(error)) => {
                Err(EngineError::call(format!("read statistics of {}", container.name), &error).into())
            }
            None => Ok(Sample::default()),
        }
    }

    /// Reads what the engine says.
    pub(super) fn from_stats(stats: &ContainerStatsResponse) -> Sample {
        let networks = stats.networks.iter().flat_map(|networks| networks.values());
        let network = networks.fold((0, 0), |(received, sent), network| {
            (received + network.rx_bytes.unwrap_or(0), sent + network.tx_bytes.unwrap_or(0))
        });
        let disks = stats.blkio_stats.as_ref().and_then(|disks| disks.io_service_bytes_recursive.as_deref());
        Sample {
            cpu: cpu(stats.precpu_stats.as_ref(), stats.cpu_stats.as_ref()),
            memory: memory(stats),
            network,
            disks: (moved(disks, "read"), moved(disks, "write")),
            processes: stats.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or(0),
        }
    }

    /// The fields of a list.
    pub(super) fn entry(&self, id: &str, name: &str, whole_id: bool) -> Map<String, Value> {
        let shown = if whole_id { id } else { output::short_id(id) };
        let share =
            if self.memory.1 == 0 { 0.0 } else { self.memory.0 as f64 / self.memory.1 as f64 * 100.0 };
        let pair =
            |(one, other): (u64, u64), size: fn(u64) -> String| format!("{} / {}", size(one), size(other));
        let decimal = |bytes: u64| units::human_size(i64::try_from(bytes).unwrap_or(i64::MAX));
        output::entry([
            ("BlockIO", pair(self.disks, decimal).into()),
            ("CPUPerc", format!("{:.2}%", self.cpu).into()),
            ("Container", id.into()),
            ("ID", shown.into()),
            ("MemPerc", format!("{share:.2}%").into()),
            ("MemUsage", pair(self.memory, units::binary_size).into()),
            ("Name", name.into()),
            ("NetIO", pair(self.network, decimal).into()),
            ("PIDs", self.processes.to_string().into()),
        ])
    }
}

/// The container's share of the time that all processors spent since the look before.
fn cpu(before: Option<&ContainerCpuStats>, now: Option<&ContainerCpuStats>) -> f64 {
    let used = |stats: Option<&ContainerCpuStats>| {
        stats.and_then(|stats| stats.cpu_usage.as_ref()).and_then(|usage| usage.total_usage).unwrap_or(0)
    };
    let spent =
        |stats: Option<&ContainerCpuStats>| stats.and_then(|stats| stats.system_cpu_usage).unwrap_or(0);
    let system = spent(now).saturating_sub(spent(before));
    let own = used(now).saturating_sub(used(before));
    if system == 0 || spent(before) == 0 {
        return 0.0;
    }
    let processors = now.and_then(|stats| stats.online_cpus).unwrap_or(1).max(1);
    own as f64 / system as f64 * f64::from(processors) * 100.0
}

/// Page cache that is not in use counts on neither kind of cgroup.
fn memory(stats: &ContainerStatsResponse) -> (u64, u64) {
    let Some(memory) = &stats.memory_stats else { return (0, 0) };
    let detail = |name: &str| memory.stats.as_ref().and_then(|stats| stats.get(name)).copied();
    let inactive = detail("total_inactive_file").or_else(|| detail("inactive_file")).unwrap_or(0);
    let usage = memory.usage.unwrap_or(0);
    (usage.checked_sub(inactive).unwrap_or(usage), memory.limit.unwrap_or(0))
}

fn moved(entries: Option<&[ContainerBlkioStatEntry]>, operation: &str) -> u64 {
    let of_operation = |entry: &&ContainerBlkioStatEntry| {
        entry.op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(operation))
    };
    entries.unwrap_or_default().iter().filter(of_operation).filter_map(|entry| entry.value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(text: &str) -> Sample {
        Sample::from_stats(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_sample_is_what_changed_between_two_looks() {
        let sample = stats(
            r#"{"precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000},
                "cpu_stats": {"cpu_usage": {"total_usage": 350}, "system_cpu_usage": 2000, "online_cpus": 4},
                "memory_stats": {"usage": 3145728, "limit": 1073741824, "stats": {"inactive_file": 1048576}},
                "networks": {"eth0": {"rx_bytes": 1000, "tx_bytes": 1}, "eth1": {"rx_bytes": 200, "tx_bytes": 2}},
                "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 7}, {"op": "write", "value": 9}]},
                "pids_stats": {"current": 3}}"#,
        );
        let entry = sample.entry("0123456789abcdef", "app-web-1", false);
        for (field, text) in [
            ("CPUPerc", "100.00%"),
            ("MemUsage", "2MiB / 1GiB"),
            ("MemPerc", "0.20%"),
            ("NetIO", "1.2kB / 3B"),
            ("BlockIO", "7B / 9B"),
            ("PIDs", "3"),
            ("ID", "0123456789ab"),
        ] {
            assert_eq!(entry[field], text, "{field}");
        }
    }

    #[test]
    fn a_first_look_has_no_share_of_the_processors() {
        let sample = stats(r#"{"cpu_stats": {"cpu_usage": {"total_usage": 5}, "system_cpu_usage": 10}}"#);
        assert_eq!(sample, Sample::default());
    }
}
