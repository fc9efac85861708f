//! Networks as the API shows them and as requests describe them.

use jiff::Timestamp;
use wharf_network::{Lease, NetworkSpec};

use crate::error::{Error, Result};
use crate::model::json::meaningful;
use crate::model::network::{Ipam, IpamPool, Network, NetworkContainer, NetworkCreate};
use crate::names::api_time;

/// What a request asks for.
///
/// # Errors
/// Options that this engine does not honour.
pub fn spec(body: NetworkCreate) -> Result<NetworkSpec> {
    let asked = [
        ("Ingress", body.ingress),
        ("ConfigOnly", body.config_only),
        ("ConfigFrom", body.config_from.as_ref().is_some_and(|from| !from.network.is_empty())),
        ("Scope", !matches!(body.scope.as_str(), "" | "local")),
        ("EnableIPv4=false", body.enable_ipv4 == Some(false)),
    ];
    let known = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name);
    if let Some(name) = known.chain(meaningful(&body.unknown)).next() {
        return Err(Error::NotImplemented(format!("network option {name} is not supported by this engine")));
    }
    let ipam = body.ipam.unwrap_or_default();
    let text = |labels: &crate::model::config::Labels| labels.clone().into_iter().collect();
    Ok(NetworkSpec {
        name: body.name,
        driver: body.driver,
        internal: body.internal,
        attachable: body.attachable,
        enable_ipv6: body.enable_ipv6 == Some(true),
        ipam: wharf_network::Ipam {
            driver: ipam.driver,
            options: ipam
                .options
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            pools: ipam.config.into_iter().map(pool_spec).collect(),
        },
        options: text(&body.options),
        labels: text(&body.labels),
    })
}

fn pool_spec(pool: IpamPool) -> wharf_network::IpamPool {
    wharf_network::IpamPool {
        subnet: pool.subnet,
        ip_range: pool.ip_range,
        gateway: pool.gateway,
        auxiliary: pool.auxiliary_addresses.into_iter().collect(),
    }
}

/// A network with the containers that run on it.
pub fn network(network: &wharf_network::Network, leases: &[Lease]) -> Network {
    let prefix = network.addressing.as_ref().map_or(0, |addressing| addressing.subnet.prefix());
    Network {
        name: network.name.clone(),
        id: network.id.clone(),
        created: api_time(Timestamp::try_from(network.created).ok()),
        scope: "local".to_owned(),
        driver: network.driver.name().to_owned(),
        enable_ipv4: true,
        enable_ipv6: false,
        ipam: ipam(network),
        internal: network.internal,
        attachable: network.attachable,
        containers: leases.iter().map(|lease| container(lease, prefix)).collect(),
        options: network.options.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        labels: network.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..Network::default()
    }
}

/// What the user gave, and the subnet that the engine chose where he gave none.
fn ipam(network: &wharf_network::Network) -> Ipam {
    let options = &network.ipam.options;
    let given = |options: &std::collections::BTreeMap<String, String>| {
        options.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let config = network.addressing.iter().map(|addressing| {
        let asked = network.ipam.pools.first();
        IpamPool {
            subnet: addressing.subnet.to_string(),
            ip_range: asked.map(|pool| pool.ip_range.clone()).unwrap_or_default(),
            gateway: addressing.gateway.to_string(),
            auxiliary_addresses: asked.map(|pool| given(&pool.auxiliary)).unwrap_or_default(),
        }
    });
    let driver = if network.ipam.driver.is_empty() { "default" } else { &network.ipam.driver };
    Ipam {
        driver: driver.to_owned(),
        options: Some(given(options)).filter(|options: &crate::model::config::Labels| !options.is_empty()),
        config: config.collect(),
    }
}

fn container(lease: &Lease, prefix: u8) -> (String, NetworkContainer) {
    let container = NetworkContainer {
        name: lease.container_name.clone(),
        endpoint_id: lease.endpoint_id.clone(),
        mac_address: lease.mac.to_string(),
        ipv4_address: format!("{}/{prefix}", lease.address),
        ipv6_address: String::new(),
    };
    (lease.container_id.clone(), container)
}
