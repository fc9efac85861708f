//! Connecting containers to networks and disconnecting them, running or not (contract 3.7.3).

use std::sync::Arc;

use super::sandbox::Sandbox;
use super::{endpoint, publish_event};
use crate::container::instance::Container;
use crate::container::rewrite_files;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::model::EndpointSettings;

/// Connects a container. The caller holds its operation lock.
///
/// # Errors
/// The modes exclude it, it is connected already, or the address is taken.
pub async fn connect(
    core: &Arc<Core>,
    container: &Arc<Container>,
    reference: &str,
    settings: EndpointSettings,
) -> Result<()> {
    let network = core.connector.networks().inspect(reference)?;
    exclude_modes(container, &network.name)?;
    if container.record().endpoints.contains_key(&network.name) {
        let (container, network) = (container.name(), network.name);
        return Err(wharf_network::NetworkError::AlreadyConnected { container, network }.into());
    }
    endpoint::check(&network, &settings).map_err(Error::BadParameter)?;
    let spec = endpoint::spec(&network.name, &settings)?;
    let run = container.run();
    if let Some(sandbox) = run.as_ref().and_then(|run| run.sandbox.clone()) {
        let changed = sandbox.clone();
        blocking(move || changed.change(|inner| Ok(inner.connect(&spec).map(|_| ())?))).await?;
        add(container, &network.name, settings)?;
        follow(core, container, &sandbox).await?;
        publish_event(&core.events, "connect", &network.id, &network.name, Some(container.id()));
        return Ok(());
    }
    add(container, &network.name, settings)
}

/// What cannot be combined (contract 1.14.1).
fn exclude_modes(container: &Container, network: &str) -> Result<()> {
    let record = container.record();
    let mode = record.host_config.network_mode.as_str();
    if matches!(network, "host" | "none") {
        let text = format!("container cannot be connected to {network} network while it has others");
        return Err(Error::BadParameter(text));
    }
    if mode == "host" || mode.starts_with("container:") {
        let text =
            format!("container sharing network namespace ({mode}) cannot be connected to any other network");
        return Err(Error::BadParameter(text));
    }
    Ok(())
}

fn add(container: &Container, network: &str, settings: EndpointSettings) -> Result<()> {
    container.update_record(|record| {
        // A network takes the place of none.
        record.endpoints.shift_remove("none");
        record.endpoints.insert(network.to_owned(), settings);
    })
}

/// Disconnects a container. The caller holds its operation lock.
///
/// # Errors
/// It is not connected.
pub async fn disconnect(
    core: &Arc<Core>,
    container: &Arc<Container>,
    reference: &str,
    force: bool,
) -> Result<()> {
    let name = match core.connector.network_name(reference) {
        // With force also from a network that is gone.
        Err(_) if force => reference.to_owned(),
        result => result?,
    };
    if !container.record().endpoints.contains_key(&name) {
        let container = container.id().to_owned();
        return Err(wharf_network::NetworkError::NotConnected { container, network: name }.into());
    }
    let sandbox = container.run().and_then(|run| run.sandbox.clone());
    if let Some(sandbox) = &sandbox {
        let (changed, network) = (sandbox.clone(), name.clone());
        blocking(move || changed.change(|inner| Ok(inner.disconnect(&network)?))).await?;
    }
    container.update_record(|record| _ = record.endpoints.shift_remove(&name))?;
    if let Some(sandbox) = &sandbox {
        follow(core, container, sandbox).await?;
        let id = core.connector.networks().inspect(&name).map(|network| network.id).unwrap_or_default();
        publish_event(&core.events, "disconnect", &id, &name, Some(container.id()));
    }
    Ok(())
}

/// State, files and published ports follow the container's new addresses.
async fn follow(core: &Arc<Core>, container: &Arc<Container>, sandbox: &Arc<Sandbox>) -> Result<()> {
    let networks = sandbox.networks(&container.record());
    container.update_state(|state| state.networks = networks);
    rewrite_files(core, container, sandbox)?;
    core.connector.follow(core, sandbox).await;
    Ok(())
}
