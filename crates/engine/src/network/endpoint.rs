//! Between Docker's endpoint settings and the endpoints of `wharf_network`.

use std::net::Ipv4Addr;

use wharf_network::{Endpoint, EndpointSpec, Link, Network};

use crate::error::{Error, Result};
use crate::model::EndpointSettings;

const INTERFACE_NAME: &str = "com.docker.network.endpoint.ifname";

/// Whether an address that a container asks for can be one on this network.
///
/// # Errors
/// Everything that is wrong with it, in Docker's words.
pub fn check(network: &Network, settings: &EndpointSettings) -> std::result::Result<(), String> {
    let address = settings.ipam_config.as_ref().map(|ipam| ipam.ipv4_address.as_str()).unwrap_or_default();
    if address.is_empty() {
        return Ok(());
    }
    let parsed = address.parse::<Ipv4Addr>().ok();
    let given = network.addressing.as_ref().filter(|addressing| !addressing.chosen_by_engine);
    let given = given.or(network.addressing.as_ref().filter(|_| network.is_default_bridge()));
    let inside = given.map(|addressing| parsed.is_some_and(|parsed| addressing.subnet.contains(parsed)));
    let wrong = [
        network
            .is_predefined()
            .then(|| "user specified IP address is supported on user defined networks only".to_owned()),
        parsed.is_none().then(|| format!("invalid IPv4 address: {address}")),
        match inside {
            None => Some(
                "user specified IP address is supported only when connecting to networks with user configured subnets"
                    .to_owned(),
            ),
            Some(false) => Some(format!("no configured subnet or ip-range contain the IP address {address}")),
            Some(true) => None,
        },
    ];
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    match &wrong[..] {
        [] => Ok(()),
        [only] => Err(format!("invalid endpoint settings:\n{only}")),
        several => Err(format!("invalid endpoint settings:\n* {}", several.join("\n* "))),
    }
}

/// What a container asks of a network.
///
/// # Errors
/// An address that is none, or an option that this engine does not honour.
pub fn spec(network: &str, settings: &EndpointSettings) -> Result<EndpointSpec> {
    let address = settings.ipam_config.as_ref().map(|ipam| ipam.ipv4_address.as_str()).unwrap_or_default();
    let bad_address = |_| Error::BadParameter(format!("invalid IPv4 address: {address:?}"));
    let mac = &settings.mac_address;
    let bad_mac = |error: wharf_network::MacAddressError| Error::BadParameter(error.to_string());
    Ok(EndpointSpec {
        network: network.to_owned(),
        ipv4_address: some(address).map(str::parse).transpose().map_err(bad_address)?,
        mac_address: some(mac).map(str::parse).transpose().map_err(bad_mac)?,
        aliases: settings.aliases.clone().unwrap_or_default(),
        links: settings.links.iter().flatten().map(|text| link(text)).collect(),
        gateway_priority: settings.gw_priority,
        interface: interface(settings)?,
    })
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// `container:alias`, or a container under its own name.
fn link(text: &str) -> Link {
    let (container, alias) = text.split_once(':').unwrap_or((text, text));
    Link { container: container.trim_start_matches('/').to_owned(), alias: alias.to_owned() }
}

fn interface(settings: &EndpointSettings) -> Result<Option<String>> {
    let Some(options) = &settings.driver_opts else { return Ok(None) };
    if let Some(name) = options.keys().find(|name| name.as_str() != INTERFACE_NAME) {
        return Err(Error::NotImplemented(format!("endpoint option {name} is not supported by this engine")));
    }
    Ok(options.get(INTERFACE_NAME).cloned())
}

/// What was asked for, together with what the engine gave.
pub fn describe(asked: &EndpointSettings, endpoint: &Endpoint) -> EndpointSettings {
    EndpointSettings {
        network_id: endpoint.network_id.clone(),
        endpoint_id: endpoint.id.clone(),
        gateway: endpoint.gateway.map(|gateway| gateway.to_string()).unwrap_or_default(),
        ip_address: endpoint.address.to_string(),
        ip_prefix_len: endpoint.prefix,
        mac_address: endpoint.mac.to_string(),
        // The shared bridge resolves no names (contract 3.2.7).
        dns_names: Some(endpoint.names.clone()).filter(|_| !endpoint.on_default_bridge),
        ..asked.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        let settings: EndpointSettings = serde_json::from_str(
            r#"{"IPAMConfig":{"IPv4Address":"10.1.0.9"},"Aliases":["db"],"Links":["pg:database","cache"],"GwPriority":3}"#,
        )
        .unwrap();
        let spec = spec("net", &settings).unwrap();
        assert_eq!(spec.ipv4_address, Some("10.1.0.9".parse().unwrap()));
        assert_eq!((spec.links[0].alias.as_str(), spec.links[1].container.as_str()), ("database", "cache"));
        assert_eq!((spec.aliases, spec.gateway_priority), (vec!["db".to_owned()], 3));
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in
            [r#"{"MacAddress":"x"}"#, r#"{"IPAMConfig":{"IPv4Address":"x"}}"#, r#"{"DriverOpts":{"x":"y"}}"#]
        {
            assert!(spec("net", &serde_json::from_str(wrong).unwrap()).is_err(), "{wrong}");
        }
    }
}
