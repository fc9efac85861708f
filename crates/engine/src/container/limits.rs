//! Resource limits: what is refused, what is only warned about, and how they read for the kernel (contract 1.13).

use std::os::unix::fs::MetadataExt;

use wharf_container::spec::{BlockDeviceRate, CgroupLimits};

use super::cpuset;
use super::devices::reason;
use crate::error::{Error, Result};
use crate::model::host_config::{Resources, ThrottleDevice};
use crate::model::json::meaningful;

const SMALLEST_MEMORY: i64 = 6 * 1024 * 1024;

/// Refuses limits that make no sense, in Docker's words (contract 1.13.1), and those this engine does not honour.
///
/// # Errors
/// The first limit that is wrong.
pub fn validate(resources: &Resources) -> Result<()> {
    memory(resources)
        .and_then(|()| cpu(resources))
        .and_then(|()| cpuset::check(&resources.cpuset_cpus, &resources.cpuset_mems))
        .and_then(|()| others(resources))
        .map_err(Error::BadParameter)?;
    unsupported(resources)
}

fn memory(limits: &Resources) -> Result<(), String> {
    let (memory, swap, reservation) = (limits.memory, limits.memory_swap, limits.memory_reservation);
    if memory != 0 && memory < SMALLEST_MEMORY {
        return Err("Minimum memory limit allowed is 6MB".to_owned());
    }
    if memory > 0 && swap > 0 && swap < memory {
        return Err("Minimum memoryswap limit should be larger than memory limit, see usage".to_owned());
    }
    if memory == 0 && swap > 0 {
        return Err(
            "You should always set the Memory limit when using Memoryswap limit, see usage".to_owned()
        );
    }
    if limits.memory_swappiness.is_some_and(|value| !(-1..=100).contains(&value)) {
        let value = limits.memory_swappiness.unwrap_or_default();
        return Err(format!("Invalid value: {value}, valid memory swappiness range is 0-100"));
    }
    if reservation != 0 && reservation < SMALLEST_MEMORY {
        return Err("Minimum memory reservation allowed is 6MB".to_owned());
    }
    if memory > 0 && reservation > memory {
        let text = "Minimum memory limit can not be less than memory reservation limit, see usage";
        return Err(text.to_owned());
    }
    Ok(())
}

fn cpu(limits: &Resources) -> Result<(), String> {
    if limits.nano_cpus > 0 && limits.cpu_period > 0 {
        return Err("Conflicting options: Nano CPUs and CPU Period cannot both be set".to_owned());
    }
    if limits.nano_cpus > 0 && limits.cpu_quota > 0 {
        return Err("Conflicting options: Nano CPUs and CPU Quota cannot both be set".to_owned());
    }
    let cpus = host_cpus();
    let most = i64::try_from(cpus).unwrap_or(i64::MAX).saturating_mul(1_000_000_000);
    if limits.nano_cpus < 0 || limits.nano_cpus > most {
        return Err(format!(
            "range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available"
        ));
    }
    if limits.cpu_period != 0 && !(1000..=1_000_000).contains(&limits.cpu_period) {
        return Err(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)".to_owned()
        );
    }
    if limits.cpu_quota > 0 && limits.cpu_quota < 1000 {
        return Err("CPU cfs quota can not be less than 1ms (i.e. 1000)".to_owned());
    }
    if limits.cpu_shares < 0 {
        return Err(format!("invalid CPU shares ({}): value must be a positive integer", limits.cpu_shares));
    }
    Ok(())
}

fn others(limits: &Resources) -> Result<(), String> {
    if limits.blkio_weight != 0 && !(10..=1000).contains(&limits.blkio_weight) {
        return Err("Range of blkio weight is from 10 to 1000".to_owned());
    }
    for ulimit in limits.ulimits.iter().flatten() {
        let below = |soft: i64, hard: i64| hard == -1 || (soft != -1 && soft <= hard);
        if !below(ulimit.soft, ulimit.hard) {
            let (name, soft, hard) = (&ulimit.name, ulimit.soft, ulimit.hard);
            return Err(format!("ulimit {name}: soft limit {soft} is larger than hard limit {hard}"));
        }
    }
    Ok(())
}

/// Options of Docker that would be lost silently.
fn unsupported(limits: &Resources) -> Result<()> {
    let asked = [
        ("BlkioWeightDevice", limits.blkio_weight_device.iter().flatten().next().is_some()),
        ("CpuRealtimePeriod", limits.cpu_realtime_period != 0),
        ("CpuRealtimeRuntime", limits.cpu_realtime_runtime != 0),
        ("KernelMemory", limits.kernel_memory != 0),
        ("KernelMemoryTCP", limits.kernel_memory_tcp != 0),
        ("CpuCount", limits.cpu_count != 0),
        ("CpuPercent", limits.cpu_percent != 0),
        ("IOMaximumIOps", limits.io_maximum_iops != 0),
        ("IOMaximumBandwidth", limits.io_maximum_bandwidth != 0),
    ];
    let known = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name);
    match known.chain(meaningful(&limits.unknown)).next() {
        Some(name) => Err(Error::NotImplemented(format!("option {name} is not supported by this engine"))),
        None => Ok(()),
    }
}

fn host_cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The limits for the kernel.
///
/// # Errors
/// A device that does not exist.
pub fn for_kernel(limits: &Resources) -> Result<CgroupLimits> {
    let positive = |value: i64| u64::try_from(value).ok().filter(|value| *value > 0);
    let set = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let mut kernel = CgroupLimits {
        memory: positive(limits.memory),
        memory_swap: swap(limits),
        memory_reservation: positive(limits.memory_reservation),
        memory_swappiness: limits.memory_swappiness.and_then(|value| u64::try_from(value).ok()),
        oom_kill_disable: limits.oom_kill_disable == Some(true),
        cpu_quota: Some(limits.cpu_quota).filter(|quota| *quota != 0),
        cpu_period: positive(limits.cpu_period),
        cpu_shares: positive(limits.cpu_shares),
        cpuset_cpus: set(&limits.cpuset_cpus),
        cpuset_mems: set(&limits.cpuset_mems),
        pids: limits.pids_limit,
        blkio_weight: Some(limits.blkio_weight).filter(|weight| *weight != 0),
        device_read_bps: rates(limits.blkio_device_read_bps.as_deref())?,
        device_write_bps: rates(limits.blkio_device_write_bps.as_deref())?,
        device_read_iops: rates(limits.blkio_device_read_iops.as_deref())?,
        device_write_iops: rates(limits.blkio_device_write_iops.as_deref())?,
    };
    if limits.nano_cpus > 0 {
        kernel.set_nano_cpus(limits.nano_cpus);
    }
    Ok(kernel)
}

/// Memory plus swap: twice the memory when nothing is said (contract 1.13.1).
fn swap(limits: &Resources) -> Option<i64> {
    match (limits.memory, limits.memory_swap) {
        (memory, 0) if memory > 0 => memory.checked_mul(2),
        (_, 0) => None,
        (_, swap) => Some(swap),
    }
}

fn rates(devices: Option<&[ThrottleDevice]>) -> Result<Vec<BlockDeviceRate>> {
    devices.unwrap_or_default().iter().map(rate).collect()
}

fn rate(device: &ThrottleDevice) -> Result<BlockDeviceRate> {
    let missing = |error| Error::BadParameter(format!("stat {}: {}", device.path, reason(&error)));
    let metadata = std::fs::metadata(&device.path).map_err(missing)?;
    let number = metadata.rdev();
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    Ok(BlockDeviceRate { major, minor, rate: device.rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABYTE: i64 = 1024 * 1024;

    #[test]
    fn dockers_rules() {
        let wrong = [
            Resources { memory: MEGABYTE, ..Resources::default() },
            Resources { memory_swap: 10 * MEGABYTE, ..Resources::default() },
            Resources { memory: 10 * MEGABYTE, memory_swap: 9 * MEGABYTE, ..Resources::default() },
            Resources { memory: 10 * MEGABYTE, memory_reservation: 11 * MEGABYTE, ..Resources::default() },
            Resources { memory_swappiness: Some(101), ..Resources::default() },
            Resources { nano_cpus: 1_000_000_000, cpu_quota: 5000, ..Resources::default() },
            Resources { nano_cpus: 1_000_000_000_000_000, ..Resources::default() },
            Resources { cpu_period: 10, ..Resources::default() },
            Resources { blkio_weight: 5, ..Resources::default() },
            Resources { cpu_realtime_runtime: 5, ..Resources::default() },
        ];
        for limits in wrong {
            assert!(validate(&limits).is_err(), "{limits:?}");
        }
        let fine = Resources {
            memory: 10 * MEGABYTE,
            memory_swap: -1,
            pids_limit: Some(-1),
            ..Resources::default()
        };
        assert!(validate(&fine).is_ok());
    }

    #[test]
    fn swap_is_twice_the_memory_by_default() {
        let limits = Resources { memory: 10 * MEGABYTE, nano_cpus: 1_500_000_000, ..Resources::default() };
        let kernel = for_kernel(&limits).unwrap();
        assert_eq!(kernel.memory_swap, Some(20 * MEGABYTE));
        assert_eq!((kernel.cpu_quota, kernel.cpu_period), (Some(150_000), Some(100_000)));
        assert_eq!(for_kernel(&Resources::default()).unwrap(), CgroupLimits::default());
    }
}
