//! Networks: Docker's face over `wharf_network`, and published ports.
//!
//! [`connector`] gives a container its [`sandbox`], [`takeover`] those of an engine before; [`publish`] and [`balance`] decide what ports of the host lead to;
//! [`endpoint`] and [`describe`] translate between Docker's types and those of `wharf_network`.

mod attach;
mod balance;
pub mod connections;
pub(crate) mod connector;
mod describe;
pub(crate) mod endpoint;
pub(crate) mod publish;
pub(crate) mod sandbox;
mod takeover;

use std::sync::Arc;

use crate::container::until;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::events::Bus;
use crate::filters::Filters;
use crate::model::config::Labels;
use crate::model::network::{
    Network, NetworkConnect, NetworkCreate, NetworkCreated, NetworkDisconnect, NetworksPruned,
};

/// The network calls. A `reference` is a full id, a name or a unique id prefix.
#[derive(Clone)]
pub struct Networks {
    core: Arc<Core>,
}

/// Publishes an event about a network, and about a container on it.
fn publish_event(events: &Bus, action: &str, id: &str, name: &str, container: Option<&str>) {
    let kind = if matches!(name, "host" | "none") { name } else { "bridge" };
    let mut attributes =
        Labels::from([("name".to_owned(), name.to_owned()), ("type".to_owned(), kind.to_owned())]);
    if let Some(container) = container {
        attributes.insert("container".to_owned(), container.to_owned());
    }
    events.publish("network", action, id, attributes);
}

impl Networks {
    pub(crate) fn new(core: Arc<Core>) -> Networks {
        Networks { core }
    }

    /// Creates a network.
    ///
    /// # Errors
    /// The name is taken (409), subnets overlap, an option is unknown.
    pub async fn create(&self, body: NetworkCreate) -> Result<NetworkCreated> {
        let spec = describe::spec(body)?;
        let core = self.core.clone();
        let network = blocking(move || Ok(core.connector.networks().create(spec)?)).await?;
        publish_event(&self.core.events, "create", &network.id, &network.name, None);
        Ok(NetworkCreated { id: network.id, warning: String::new() })
    }

    /// Networks by name. Filter keys: dangling, driver, id, label, name, scope, type.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, filters: Filters) -> Result<Vec<Network>> {
        filters.allow(&["dangling", "driver", "id", "label", "label!", "name", "scope", "type"])?;
        let dangling = filters.flag("dangling")?;
        let networks = self.core.connector.networks().list();
        let selected = networks.iter().filter(|network| {
            self.selects(&filters, network)
                && dangling.is_none_or(|wanted| wanted != self.in_use(&network.name))
        });
        Ok(selected.map(|network| describe::network(network, &[])).collect())
    }

    fn selects(&self, filters: &Filters, network: &wharf_network::Network) -> bool {
        let kind = if network.is_predefined() { "builtin" } else { "custom" };
        let labels = network.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        filters.any("name", |wanted| network.name.contains(wanted))
            && filters.any("id", |wanted| network.id.starts_with(wanted))
            && filters.any("driver", |wanted| network.driver.name() == wanted)
            && filters.any("scope", |wanted| wanted == "local")
            && filters.any("type", |wanted| wanted == kind)
            && filters.labels(&labels)
    }

    /// Whether a container names the network, running or not.
    fn in_use(&self, name: &str) -> bool {
        self.core.containers.all().iter().any(|container| container.record().endpoints.contains_key(name))
    }

    /// Everything about one, with its running containers.
    ///
    /// # Errors
    /// No such network.
    pub async fn inspect(&self, reference: &str) -> Result<Network> {
        let networks = self.core.connector.networks();
        let network = networks.inspect(reference)?;
        Ok(describe::network(&network, &networks.leases(&network.id)?))
    }

    /// Removes one.
    ///
    /// # Errors
    /// Predefined (403), in use (403 with Docker's text).
    pub async fn remove(&self, reference: &str) -> Result<()> {
        let network = self.core.connector.networks().inspect(reference)?;
        let (core, id) = (self.core.clone(), network.id.clone());
        blocking(move || Ok(core.connector.networks().remove(&id)?)).await?;
        publish_event(&self.core.events, "destroy", &network.id, &network.name, None);
        Ok(())
    }

    /// Attaches a container.
    ///
    /// # Errors
    /// Either does not exist; the modes exclude it.
    pub async fn connect(&self, reference: &str, body: NetworkConnect) -> Result<()> {
        let container = self.core.containers.get(&body.container)?;
        let _operation = container.operation.lock().await;
        attach::connect(&self.core, &container, reference, body.endpoint_config).await
    }

    /// Detaches a container.
    ///
    /// # Errors
    /// Either does not exist; it is not attached.
    pub async fn disconnect(&self, reference: &str, body: NetworkDisconnect) -> Result<()> {
        let container = self.core.containers.get(&body.container)?;
        let _operation = container.operation.lock().await;
        attach::disconnect(&self.core, &container, reference, body.force).await
    }

    /// Removes unused ones. Filter keys: label, label!, until.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<NetworksPruned> {
        filters.allow(&["label", "label!", "until"])?;
        let until = until(&filters)?.map(std::time::SystemTime::from);
        let mut pruned = NetworksPruned::default();
        for network in self.core.connector.networks().list() {
            let old = until.is_none_or(|until| network.created < until);
            let wanted = !network.is_predefined() && old && self.selects(&filters, &network);
            if !wanted || self.in_use(&network.name) {
                continue;
            }
            match self.remove(&network.id).await {
                Ok(()) => pruned.networks_deleted.get_or_insert_default().push(network.name),
                // Somebody began to use it meanwhile.
                Err(Error::Network(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(pruned)
    }
}
