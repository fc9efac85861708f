//! Networks of a project, and a container's place in them.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{
    EndpointIpamConfig, EndpointSettings, Ipam, IpamConfig, NetworkCreateRequest, NetworkingConfig,
};

use super::{
    DesiredNetwork, UpOptions, host, non_empty, non_empty_list, non_empty_map, non_zero, resource_labels,
};
use crate::plan::{hash, labels, names};
use crate::project::Project;
use crate::project::model::{self, Network, Service, ServiceNetwork};

/// Driver option that names the interface (Docker Engine 28.1).
const INTERFACE_NAME: &str = "com.docker.network.endpoint.ifname";

/// The request that makes a network.
pub(super) fn desired_network(project: &Project, key: &str, network: &Network) -> DesiredNetwork {
    let request = (!network.external).then(|| Arc::new(request(project, key, network)));
    DesiredNetwork { name: network.name.clone(), request }
}

fn request(project: &Project, key: &str, network: &Network) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: network.name.clone(),
        driver: non_empty(&network.driver),
        internal: network.internal.then_some(true),
        attachable: network.attachable.then_some(true),
        ipam: ipam(&network.ipam),
        enable_ipv4: network.enable_ipv4,
        enable_ipv6: network.enable_ipv6,
        options: non_empty_map(&network.driver_opts),
        labels: Some(resource_labels(project, &network.labels, labels::NETWORK, key, hash::network(network))),
        ..NetworkCreateRequest::default()
    }
}

fn ipam(ipam: &model::Ipam) -> Option<Ipam> {
    if ipam.driver.is_empty() && ipam.config.is_empty() && ipam.options.is_empty() {
        return None;
    }
    let pools = ipam.config.iter().map(|pool| IpamConfig {
        subnet: non_empty(&pool.subnet),
        ip_range: non_empty(&pool.ip_range),
        gateway: non_empty(&pool.gateway),
        auxiliary_addresses: non_empty_map(&pool.aux_addresses),
    });
    Some(Ipam {
        driver: non_empty(&ipam.driver),
        config: Some(pools.collect()),
        options: non_empty_map(&ipam.options),
    })
}

/// Keys of a service's networks, the primary one first: highest priority, then name.
fn by_priority(service: &Service) -> Vec<(&String, ServiceNetwork)> {
    let mut networks: Vec<_> =
        service.networks.iter().map(|(key, network)| (key, network.clone().unwrap_or_default())).collect();
    networks.sort_by_key(|(_, network)| std::cmp::Reverse(network.priority));
    networks
}

/// `NetworkMode` of the container: what the service says, else its primary network.
pub(super) fn network_mode(project: &Project, service: &Service, options: &UpOptions) -> String {
    if let Some(mode) = host::shared_namespace(project, &service.network_mode, options) {
        return mode;
    }
    let primary = by_priority(service).into_iter().next();
    primary.map_or_else(|| "none".to_owned(), |(key, _)| network_name(project, key))
}

fn network_name(project: &Project, key: &str) -> String {
    project.networks.get(key).map_or_else(|| key.to_owned(), |network| network.name.clone())
}

/// The container's endpoints, one per network.
pub(super) fn networking(
    project: &Project,
    service: &Service,
    name: &str,
    service_aliases: bool,
    options: &UpOptions,
) -> Option<NetworkingConfig> {
    if !service.network_mode.is_empty() {
        return None;
    }
    let mut endpoints = HashMap::new();
    for (position, (key, network)) in by_priority(service).into_iter().enumerate() {
        let mut endpoint = endpoint(&network, aliases(service, name, &network, service_aliases));
        endpoint.links = non_empty_list(&links(project, service, options));
        if position == 0 && endpoint.mac_address.is_none() {
            endpoint.mac_address = non_empty(&service.mac_address);
        }
        endpoints.insert(network_name(project, key), endpoint);
    }
    Some(NetworkingConfig { endpoints_config: Some(endpoints) })
}

fn aliases(service: &Service, name: &str, network: &ServiceNetwork, service_aliases: bool) -> Vec<String> {
    let mut aliases = vec![name.to_owned()];
    if service_aliases {
        aliases.push(service.name.clone());
        aliases.extend(network.aliases.iter().cloned());
    }
    aliases
}

fn endpoint(network: &ServiceNetwork, aliases: Vec<String>) -> EndpointSettings {
    let mut driver_opts = network.driver_opts.clone();
    if !network.interface_name.is_empty() {
        driver_opts.insert(INTERFACE_NAME.to_owned(), network.interface_name.clone());
    }
    EndpointSettings {
        ipam_config: addresses(network),
        mac_address: non_empty(&network.mac_address),
        aliases: Some(aliases),
        driver_opts: non_empty_map(&driver_opts),
        gw_priority: non_zero(network.gw_priority),
        ..EndpointSettings::default()
    }
}

fn addresses(network: &ServiceNetwork) -> Option<EndpointIpamConfig> {
    let config = EndpointIpamConfig {
        ipv4_address: non_empty(&network.ipv4_address),
        ipv6_address: non_empty(&network.ipv6_address),
        link_local_ips: non_empty_list(&network.link_local_ips),
    };
    (config != EndpointIpamConfig::default()).then_some(config)
}

/// `links: svc[:alias]` as `container:alias` of the first replica, and links to containers outside the project.
fn links(project: &Project, service: &Service, options: &UpOptions) -> Vec<String> {
    let mut all = Vec::new();
    for link in &service.links {
        let (target, alias) = link.split_once(':').unwrap_or((link, link));
        let Some(target) = project.any_service(target) else { continue };
        let container = names::container(&project.name, target, 1, options.separator);
        let short = names::short(&project.name, &container).to_owned();
        all.extend([alias.to_owned(), short, container.clone()].map(|name| format!("{container}:{name}")));
    }
    let outside = service.external_links.iter();
    all.extend(outside.map(|link| if link.contains(':') { link.clone() } else { format!("{link}:{link}") }));
    all
}
