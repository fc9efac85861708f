//! Networks of containers: from a record to a ready network namespace, and back.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::container::instance::Container;
use crate::container::record::Record;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::model::EndpointSettings;
use crate::model::host_config::PortMap;

/// A network namespace of a running container.
pub struct Sandbox {
    namespace: OwnedFd,
}

impl Sandbox {
    /// The namespace.
    pub fn namespace(&self) -> &OwnedFd {
        &self.namespace
    }

    /// The endpoints with their addresses.
    pub fn endpoints(&self) -> Vec<EndpointSettings> {
        Vec::new()
    }

    /// Networks and published ports for the state.
    pub fn describe(&self) -> (IndexMap<String, EndpointSettings>, PortMap) {
        (IndexMap::new(), PortMap::new())
    }
}

/// All networks.
pub struct Connector {}

impl Connector {
    pub fn open_all(paths: &crate::paths::EnginePaths) -> Result<Connector> {
        let _ = paths;
        Ok(Connector {})
    }

    pub async fn reattach(
        &self,
        core: &Arc<Core>,
        record: &Record,
        identity: &wharf_container::process::Identity,
        state: &crate::container::state::State,
    ) -> Result<Option<Sandbox>> {
        let _ = (core, record, identity, state);
        Ok(None)
    }

    pub async fn adopted(&self, core: &Arc<Core>, held: std::collections::HashMap<String, OwnedFd>) {
        let _ = (core, held);
    }

    pub fn network_name(&self, reference: &str) -> Result<String> {
        Ok(reference.to_owned())
    }

    pub async fn open(&self, core: &Arc<Core>, record: &Record, hostname: &str) -> Result<Option<Sandbox>> {
        let _ = (core, hostname);
        if record.host_config.network_mode == "host" {
            return Ok(None);
        }
        let namespace = wharf_container::namespace::create_network_namespace()
            .map_err(Error::io("make", "a network namespace"))?;
        Ok(Some(Sandbox { namespace }))
    }

    pub async fn close(&self, core: &Arc<Core>, sandbox: &Sandbox) {
        let _ = (core, sandbox);
    }

    pub async fn leave_balancing(&self, core: &Arc<Core>, sandbox: &Sandbox) {
        let _ = (core, sandbox);
    }

    pub async fn rebalance(&self, core: &Arc<Core>, sandbox: &Sandbox) {
        let _ = (core, sandbox);
    }

    pub async fn forget(&self, core: &Arc<Core>, container: &Container) {
        let _ = (core, container);
    }

    pub fn host_gateway(&self) -> Option<Ipv4Addr> {
        None
    }

    pub fn resolv_conf(&self, record: &Record) -> Result<String> {
        let _ = record;
        Ok(std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
    }
}
