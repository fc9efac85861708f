//! Limits of CPU, memory, processes and block devices, and requests for devices.

use bollard::models::{
    DeviceMapping, DeviceRequest, HostConfig, ResourcesBlkioWeightDevice, ResourcesUlimits, ThrottleDevice,
};

use super::{non_empty, non_empty_list, non_empty_map, non_zero};
use crate::project::model::{self, BlkioConfig, BlkioLimit, Limits, Number, Service};

/// Fills in the limits of a service. `deploy.resources` and the short attributes agree where both are given.
pub(super) fn limit(service: &Service, config: HostConfig) -> HostConfig {
    let limits = deploy_limits(service);
    let requests = device_requests(service);
    let config = HostConfig {
        memory: non_zero(service.mem_limit.0).or(non_zero(limits.memory.0)),
        memory_reservation: non_zero(service.mem_reservation.0).or_else(|| reserved_memory(service)),
        memory_swap: non_zero(service.memswap_limit.0),
        memory_swappiness: non_zero(service.mem_swappiness.0),
        nano_cpus: nano_cpus(service.cpus).or_else(|| nano_cpus(limits.cpus)),
        cpu_shares: non_zero(service.cpu_shares),
        cpu_period: non_zero(service.cpu_period),
        cpu_quota: non_zero(service.cpu_quota),
        cpu_realtime_period: non_zero(service.cpu_rt_period),
        cpu_realtime_runtime: non_zero(service.cpu_rt_runtime),
        cpu_count: non_zero(service.cpu_count),
        cpu_percent: non_zero(service.cpu_percent.0 as i64),
        cpuset_cpus: non_empty(&service.cpuset),
        pids_limit: non_zero(service.pids_limit).or(non_zero(limits.pids)),
        oom_kill_disable: service.oom_kill_disable.then_some(true),
        oom_score_adj: non_zero(service.oom_score_adj),
        ulimits: non_empty_list(&ulimits(service)),
        devices: non_empty_list(&devices(service)),
        device_cgroup_rules: non_empty_list(&service.device_cgroup_rules),
        device_requests: non_empty_list(&requests),
        ..config
    };
    match &service.blkio_config {
        Some(blkio) => limit_block_devices(blkio, config),
        None => config,
    }
}

fn deploy_limits(service: &Service) -> Limits {
    service.deploy.as_ref().and_then(|deploy| deploy.resources.limits.clone()).unwrap_or_default()
}

fn reserved_memory(service: &Service) -> Option<i64> {
    let reservations = service.deploy.as_ref()?.resources.reservations.as_ref()?;
    non_zero(reservations.memory.0)
}

/// CPUs in billionths, rounded: 0.1 has no exact 32-bit form.
fn nano_cpus(cpus: Number) -> Option<i64> {
    non_zero((f64::from(cpus.0) * 1e3).round() as i64 * 1_000_000)
}

fn ulimits(service: &Service) -> Vec<ResourcesUlimits> {
    let entries = service.ulimits.iter().map(|(name, limit)| {
        let (soft, hard) = limit.soft_and_hard();
        ResourcesUlimits { name: Some(name.clone()), soft: Some(soft), hard: Some(hard) }
    });
    entries.collect()
}

/// A CDI name (`vendor/class=name`) is a device request, not a path.
fn is_cdi(device: &model::Device) -> bool {
    device.source == device.target && device.source.contains('=') && !device.source.starts_with('/')
}

fn devices(service: &Service) -> Vec<DeviceMapping> {
    let paths = service.devices.iter().filter(|device| !is_cdi(device));
    paths
        .map(|device| DeviceMapping {
            path_on_host: non_empty(&device.source),
            path_in_container: non_empty(&device.target),
            cgroup_permissions: non_empty(&device.permissions),
        })
        .collect()
}

fn device_requests(service: &Service) -> Vec<DeviceRequest> {
    let reserved = service.deploy.as_ref().and_then(|deploy| deploy.resources.reservations.as_ref());
    let reserved = reserved.into_iter().flat_map(|r| &r.devices).map(|d| device_request(d, false));
    let gpus = service.gpus.iter().map(|gpu| device_request(gpu, true));
    let cdi: Vec<String> = service.devices.iter().filter(|d| is_cdi(d)).map(|d| d.source.clone()).collect();
    let cdi = (!cdi.is_empty()).then(|| DeviceRequest {
        driver: Some("cdi".to_owned()),
        device_ids: Some(cdi),
        ..DeviceRequest::default()
    });
    reserved.chain(gpus).chain(cdi).collect()
}

fn device_request(request: &model::DeviceRequest, gpu: bool) -> DeviceRequest {
    let mut capabilities = request.capabilities.clone();
    if gpu && !capabilities.iter().any(|capability| capability == "gpu") {
        capabilities.push("gpu".to_owned());
    }
    DeviceRequest {
        driver: non_empty(&request.driver),
        count: request.count,
        device_ids: non_empty_list(&request.device_ids),
        capabilities: Some(vec![capabilities]),
        options: non_empty_map(&request.options),
    }
}

fn limit_block_devices(blkio: &BlkioConfig, config: HostConfig) -> HostConfig {
    let weights = blkio.weight_device.iter().map(|entry| ResourcesBlkioWeightDevice {
        path: Some(entry.path.clone()),
        weight: Some(usize::from(entry.weight)),
    });
    HostConfig {
        blkio_weight: (blkio.weight != 0).then_some(blkio.weight),
        blkio_weight_device: non_empty_list(&weights.collect::<Vec<_>>()),
        blkio_device_read_bps: rates(&blkio.device_read_bps),
        blkio_device_read_iops: rates(&blkio.device_read_iops),
        blkio_device_write_bps: rates(&blkio.device_write_bps),
        blkio_device_write_iops: rates(&blkio.device_write_iops),
        ..config
    }
}

fn rates(limits: &[BlkioLimit]) -> Option<Vec<ThrottleDevice>> {
    let entries = limits
        .iter()
        .map(|limit| ThrottleDevice { path: Some(limit.path.clone()), rate: Some(limit.rate.0) });
    non_empty_list(&entries.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_a_cpu_is_exact() {
        assert_eq!(nano_cpus(Number(0.1)), Some(100_000_000));
        assert_eq!(nano_cpus(Number(1.5)), Some(1_500_000_000));
        assert_eq!(nano_cpus(Number(0.0)), None);
    }

    #[test]
    fn a_gpu_request_has_the_gpu_capability() {
        let service = Service {
            gpus: vec![model::DeviceRequest { count: Some(-1), ..Default::default() }],
            ..Service::default()
        };
        let requests = device_requests(&service);
        assert_eq!(requests[0].capabilities, Some(vec![vec!["gpu".to_owned()]]));
        assert_eq!(requests[0].count, Some(-1));
    }
}
