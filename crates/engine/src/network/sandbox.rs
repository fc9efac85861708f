//! The network of one running container.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use wharf_network::PortKey;

use super::endpoint;
use crate::container::record::Record;
use crate::error::{Error, Result};
use crate::model::host_config::PortMap;
use crate::model::{EndpointSettings, PortBinding};

/// A network namespace with its endpoints and published ports.
pub struct Sandbox {
    container: String,
    namespace: OwnedFd,
    /// `None` once it is closed.
    inner: Mutex<Option<wharf_network::Sandbox>>,
    /// The container's port (`80/tcp`) and the host's.
    published: Vec<(String, PortKey)>,
}

impl Sandbox {
    /// Wraps a finished sandbox.
    ///
    /// # Errors
    /// No descriptors are left.
    pub fn new(
        container: &str,
        inner: wharf_network::Sandbox,
        published: Vec<(String, PortKey)>,
    ) -> Result<Sandbox> {
        let copy = inner.namespace().try_clone_to_owned();
        let namespace = copy.map_err(Error::io("copy", "a network namespace"))?;
        Ok(Sandbox { container: container.to_owned(), namespace, inner: Mutex::new(Some(inner)), published })
    }

    /// The container's id.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The namespace.
    pub fn namespace(&self) -> &OwnedFd {
        &self.namespace
    }

    /// The host's ports.
    pub fn keys(&self) -> Vec<PortKey> {
        self.published.iter().map(|(_, key)| *key).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<wharf_network::Sandbox>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The container's own side of its published TCP ports.
    pub fn tcp_ports(&self) -> Vec<u16> {
        let names = self.published.iter().filter_map(|(name, _)| name.strip_suffix("/tcp"));
        let mut ports: Vec<u16> = names.filter_map(|port| port.parse().ok()).collect();
        ports.dedup();
        ports
    }

    /// Works on the sandbox below.
    ///
    /// # Errors
    /// It is closed, or the work's own.
    pub fn change<T>(&self, work: impl FnOnce(&mut wharf_network::Sandbox) -> Result<T>) -> Result<T> {
        match self.lock().as_mut() {
            Some(inner) => work(inner),
            None => Err(Error::NotRunning(self.container.clone())),
        }
    }

    /// Takes the sandbox below away: it is being closed.
    pub fn take(&self) -> Option<wharf_network::Sandbox> {
        self.lock().take()
    }

    /// The container's `/etc/resolv.conf`.
    pub fn resolv_conf(&self) -> String {
        self.lock().as_ref().map(wharf_network::Sandbox::resolv_conf).unwrap_or_default()
    }

    /// Where published ports lead to.
    pub fn address(&self) -> Option<Ipv4Addr> {
        let inner = self.lock();
        let endpoint =
            inner.as_ref().and_then(|inner| inner.gateway_endpoint().or(inner.endpoints().first()));
        endpoint.map(|endpoint| endpoint.address)
    }

    /// Networks by name with the addresses that the container has.
    pub fn networks(&self, record: &Record) -> IndexMap<String, EndpointSettings> {
        let inner = self.lock();
        let endpoints = inner.iter().flat_map(|inner| inner.endpoints());
        endpoints
            .map(|endpoint| {
                let asked = record.endpoints.get(&endpoint.network_name).cloned().unwrap_or_default();
                (endpoint.network_name.clone(), endpoint::describe(&asked, endpoint))
            })
            .collect()
    }

    /// Published ports, and exposed ones without an address.
    pub fn ports(&self, record: &Record) -> PortMap {
        let mut ports: PortMap =
            record.config.exposed_ports.keys().map(|port| (with_protocol(port), None)).collect();
        for (port, key) in &self.published {
            let binding = PortBinding { host_ip: key.address.to_string(), host_port: key.port.to_string() };
            ports.entry(port.clone()).or_default().get_or_insert_default().push(binding);
        }
        ports
    }
}

fn with_protocol(port: &str) -> String {
    if port.contains('/') { port.to_owned() } else { format!("{port}/tcp") }
}
