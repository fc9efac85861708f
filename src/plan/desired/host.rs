//! The host side of a container: namespaces, privileges, limits, logging.

use bollard::models::{
    HostConfig, HostConfigCgroupnsModeEnum, HostConfigIsolationEnum, HostConfigLogConfig, RestartPolicy,
    RestartPolicyNameEnum,
};

use super::mounts::TranslatedMounts;
use super::{
    DesiredError, UpOptions, networks, non_empty, non_empty_list, non_empty_map, non_zero, ports, resources,
};
use crate::plan::names;
use crate::project::Project;
use crate::project::model::Service;

/// Services whose namespaces or mounts a service shares.
pub(super) fn parents(service: &Service) -> Vec<String> {
    let modes = [&service.network_mode, &service.ipc, &service.pid];
    let namespaces = modes.into_iter().filter_map(|mode| mode.strip_prefix("service:"));
    let donors = service.volumes_from.iter().filter(|from| !from.starts_with("container:"));
    let donors = donors.filter_map(|from| from.split(':').next());
    let mut all: Vec<String> = namespaces.chain(donors).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

/// The host half of the create request.
pub(super) fn host_config(
    project: &Project,
    service: &Service,
    mounts: TranslatedMounts,
    options: &UpOptions,
) -> Result<HostConfig, DesiredError> {
    let shared = |mode: &str| shared_namespace(project, mode, options);
    let config = HostConfig {
        annotations: non_empty_map(&service.annotations),
        binds: non_empty_list(&mounts.binds),
        mounts: non_empty_list(&mounts.mounts),
        tmpfs: mounts.tmpfs,
        cap_add: capabilities(&service.cap_add),
        cap_drop: capabilities(&service.cap_drop),
        cgroupns_mode: cgroup_namespace(&service.cgroup),
        cgroup_parent: non_empty(&service.cgroup_parent),
        dns: non_empty_list(&service.dns),
        dns_options: non_empty_list(&service.dns_opt),
        dns_search: non_empty_list(&service.dns_search),
        extra_hosts: extra_hosts(service),
        group_add: non_empty_list(&service.group_add),
        init: service.init,
        ipc_mode: shared(&service.ipc),
        isolation: isolation(&service.isolation),
        log_config: log_config(service),
        network_mode: Some(networks::network_mode(project, service, options)),
        pid_mode: shared(&service.pid),
        port_bindings: ports::bindings(service),
        privileged: service.privileged.then_some(true),
        readonly_rootfs: service.read_only.then_some(true),
        restart_policy: restart_policy(service),
        runtime: non_empty(&service.runtime),
        security_opt: non_empty_list(&security_options(project, service)?),
        masked_paths: uncovers_system_paths(service).then(Vec::new),
        readonly_paths: uncovers_system_paths(service).then(Vec::new),
        shm_size: non_zero(service.shm_size.0),
        storage_opt: non_empty_map(&service.storage_opt),
        sysctls: non_empty_map(&service.sysctls),
        userns_mode: non_empty(&service.userns_mode),
        uts_mode: non_empty(&service.uts),
        volumes_from: non_empty_list(&volumes_from(project, service, options)),
        ..HostConfig::default()
    };
    Ok(resources::limit(service, config))
}

/// `service:X` becomes the container that is X's first replica.
pub(super) fn shared_namespace(project: &Project, mode: &str, options: &UpOptions) -> Option<String> {
    match mode.strip_prefix("service:") {
        Some(service) => Some(format!("container:{}", first_replica(project, service, options))),
        None => non_empty(mode),
    }
}

fn first_replica(project: &Project, service: &str, options: &UpOptions) -> String {
    let found = project.any_service(service);
    found.map_or_else(String::new, |service| names::container(&project.name, service, 1, options.separator))
}

fn volumes_from(project: &Project, service: &Service, options: &UpOptions) -> Vec<String> {
    let translate = |from: &String| match from.strip_prefix("container:") {
        Some(container) => container.to_owned(),
        None => {
            let (donor, mode) = from.split_once(':').unwrap_or((from, "rw"));
            format!("{}:{mode}", first_replica(project, donor, options))
        }
    };
    service.volumes_from.iter().map(translate).collect()
}

/// Names in the spelling of `docker inspect`: `net_admin` is `CAP_NET_ADMIN`.
fn capabilities(names: &[String]) -> Option<Vec<String>> {
    let spelled = names.iter().map(|name| match name.to_ascii_uppercase() {
        name if name == "ALL" || name.starts_with("CAP_") => name,
        name => format!("CAP_{name}"),
    });
    non_empty_list(&spelled.collect::<Vec<_>>())
}

fn cgroup_namespace(cgroup: &str) -> Option<HostConfigCgroupnsModeEnum> {
    match cgroup {
        "host" => Some(HostConfigCgroupnsModeEnum::HOST),
        "private" => Some(HostConfigCgroupnsModeEnum::PRIVATE),
        _ => None,
    }
}

fn isolation(isolation: &str) -> Option<HostConfigIsolationEnum> {
    match isolation {
        "hyperv" => Some(HostConfigIsolationEnum::HYPERV),
        "process" => Some(HostConfigIsolationEnum::PROCESS),
        "default" => Some(HostConfigIsolationEnum::DEFAULT),
        _ => None,
    }
}

/// The model writes `host=address`, the API `host:address`.
fn extra_hosts(service: &Service) -> Option<Vec<String>> {
    let hosts: Vec<String> = service.extra_hosts.iter().map(|entry| entry.replacen('=', ":", 1)).collect();
    non_empty_list(&hosts)
}

fn log_config(service: &Service) -> Option<HostConfigLogConfig> {
    let logging = service.logging.as_ref()?;
    Some(HostConfigLogConfig {
        typ: non_empty(&logging.driver),
        config: Some(logging.options.clone().into_iter().collect()),
    })
}

/// `deploy.restart_policy` goes before `restart`, as with Docker Compose.
fn restart_policy(service: &Service) -> Option<RestartPolicy> {
    if let Some(policy) = deploy_restart_policy(service) {
        return Some(policy);
    }
    if service.restart.is_empty() {
        return None;
    }
    let (name, retries) = service.restart.split_once(':').unwrap_or((&service.restart, ""));
    Some(RestartPolicy { name: Some(policy_name(name)), maximum_retry_count: retries.parse().ok() })
}

fn deploy_restart_policy(service: &Service) -> Option<RestartPolicy> {
    let policy = service.deploy.as_ref()?.restart_policy.as_ref()?;
    Some(RestartPolicy {
        name: Some(policy_name(&policy.condition)),
        maximum_retry_count: policy.max_attempts.and_then(|n| i64::try_from(n).ok()),
    })
}

fn policy_name(name: &str) -> RestartPolicyNameEnum {
    match name {
        "always" | "any" => RestartPolicyNameEnum::ALWAYS,
        "unless-stopped" => RestartPolicyNameEnum::UNLESS_STOPPED,
        "on-failure" => RestartPolicyNameEnum::ON_FAILURE,
        _ => RestartPolicyNameEnum::NO,
    }
}

/// A seccomp profile is sent as its text; the path means nothing to an engine elsewhere.
fn security_options(project: &Project, service: &Service) -> Result<Vec<String>, DesiredError> {
    let translate = |option: &String| {
        let path = option.strip_prefix("seccomp=").or_else(|| option.strip_prefix("seccomp:"));
        match path {
            Some(path) if path != "unconfined" && !path.trim_start().starts_with('{') => {
                Err(DesiredError::Attribute {
                    service: service.name.clone(),
                    problem: format!("security_opt: the seccomp profile {path} was not read while loading"),
                    place: super::place(project, service, "security_opt"),
                })
            }
            _ => Ok(option.clone()),
        }
    };
    service.security_opt.iter().filter(|option| !is_system_paths(option)).map(translate).collect()
}

/// `systempaths=unconfined`: a word of the clients, which engines know as two empty lists of paths.
fn is_system_paths(option: &str) -> bool {
    matches!(option, "systempaths=unconfined" | "systempaths:unconfined")
}

fn uncovers_system_paths(service: &Service) -> bool {
    service.security_opt.iter().any(|option| is_system_paths(option))
}
