//! Changing limits and restart policy of a container (contract 1.13.9).

use super::instance::Container;
use super::{limits, restart};
use crate::core::Core;
use crate::error::{Error, Result};
use crate::model::host_config::{Resources, UpdateBody, Updated};

/// Changes what `body` sets; what it leaves at zero stays. The caller holds the operation lock.
///
/// # Errors
/// A limit that does not hold together with the present ones.
pub fn update(core: &Core, container: &Container, body: &UpdateBody) -> Result<Updated> {
    let record = container.record();
    let changed = merged(&record.host_config.resources, &body.resources);
    let conflict = conflict(&record.host_config.resources, &body.resources);
    if let Some(reason) = conflict {
        return Err(Error::Conflict(format!("Cannot update container {}: {reason}", container.id())));
    }
    limits::validate(&changed)?;
    if let Some(policy) = &body.restart_policy {
        restart::validate(policy, record.host_config.auto_remove)?;
    }
    let kernel = limits::for_kernel(&changed)?;
    if let Some(run) = container.run() {
        let failed = |error: wharf_container::cgroup::CgroupError| {
            Error::Internal(format!("Cannot update container {}: {error}: {}", container.id(), error.source))
        };
        run.cgroup.set_limits(&kernel).map_err(failed)?;
    }
    container.update_record(|record| {
        record.host_config.resources = changed;
        if let Some(policy) = body.restart_policy.clone().filter(|policy| !policy.name.is_empty()) {
            record.host_config.restart_policy = policy;
        }
    })?;
    container.publish(&core.events, "update", &[]);
    Ok(Updated { warnings: core.hierarchies.unsupported(&kernel) })
}

/// What is asked for and does not go with what the container has.
fn conflict(present: &Resources, wanted: &Resources) -> Option<&'static str> {
    let both = |one: i64, other: i64| one > 0 && other > 0;
    let cases = [
        (
            both(wanted.nano_cpus, present.cpu_period),
            "Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set",
        ),
        (
            both(wanted.nano_cpus, present.cpu_quota),
            "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set",
        ),
        (
            both(wanted.cpu_period, present.nano_cpus),
            "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set",
        ),
        (
            both(wanted.cpu_quota, present.nano_cpus),
            "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set",
        ),
        (
            both(wanted.memory, present.memory_swap)
                && wanted.memory_swap == 0
                && wanted.memory > present.memory_swap,
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
        ),
    ];
    cases.into_iter().find(|(conflicts, _)| *conflicts).map(|(_, reason)| reason)
}

fn merged(present: &Resources, wanted: &Resources) -> Resources {
    let mut all = present.clone();
    let number = |own: &mut i64, new: i64| {
        if new != 0 {
            *own = new;
        }
    };
    let text = |own: &mut String, new: &str| {
        if !new.is_empty() {
            new.clone_into(own);
        }
    };
    number(&mut all.memory, wanted.memory);
    number(&mut all.memory_swap, wanted.memory_swap);
    number(&mut all.memory_reservation, wanted.memory_reservation);
    number(&mut all.cpu_shares, wanted.cpu_shares);
    number(&mut all.cpu_period, wanted.cpu_period);
    number(&mut all.cpu_quota, wanted.cpu_quota);
    number(&mut all.nano_cpus, wanted.nano_cpus);
    text(&mut all.cpuset_cpus, &wanted.cpuset_cpus);
    text(&mut all.cpuset_mems, &wanted.cpuset_mems);
    all.pids_limit = wanted.pids_limit.or(all.pids_limit);
    if wanted.blkio_weight != 0 {
        all.blkio_weight = wanted.blkio_weight;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_go_together_is_told() {
        let present = Resources { nano_cpus: 1, memory: 7, memory_swap: 9, ..Resources::default() };
        let told = |wanted: Resources| conflict(&present, &wanted).unwrap_or_default();
        assert!(told(Resources { cpu_quota: 5, ..Resources::default() }).contains("CPU Quota cannot be"));
        assert!(told(Resources { memory: 10, ..Resources::default() }).contains("already set memoryswap"));
        assert_eq!(told(Resources { memory: 10, memory_swap: 20, ..Resources::default() }), "");
    }

    #[test]
    fn what_is_not_set_stays() {
        let present = Resources { memory: 7, cpu_shares: 3, ..Resources::default() };
        let wanted = Resources { cpu_shares: 9, pids_limit: Some(5), ..Resources::default() };
        let all = merged(&present, &wanted);
        assert_eq!((all.memory, all.cpu_shares, all.pids_limit), (7, 9, Some(5)));
    }
}
