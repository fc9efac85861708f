//! Taking over the networks and published ports of an engine before this one.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use wharf_container::process::Identity;
use wharf_network::PortKey;

use super::connector::{Connector, address_of, claim, sandbox_spec};
use super::publish::publications;
use super::sandbox::Sandbox;
use crate::container::record::Record;
use crate::container::state::State;
use crate::core::{Core, blocking};
use crate::error::{Error, Result, chain};
use crate::model::PortBinding;
use crate::model::host_config::PortMap;
use crate::process::Processes;

impl Connector {
    /// Takes over reserved ports and addresses of an engine before this one. `runs` tells which containers still run.
    pub fn prepare_adoption(&self, held: HashMap<String, OwnedFd>, runs: impl Fn(&str) -> bool) {
        for (text, socket) in held {
            let adopted = text.parse::<PortKey>().map_err(|error| error.to_string());
            let adopted = adopted
                .and_then(|key| self.balancer.ports().adopt(key, socket).map_err(|error| error.to_string()));
            if let Err(error) = adopted {
                tracing::warn!(
                    key = text,
                    error,
                    "a published port of the engine before cannot be taken over"
                );
            }
        }
        if let Err(error) = self.networks.release_stale(runs) {
            tracing::warn!(%error, "addresses of ended containers are left");
        }
    }

    /// Takes over the network of a running container.
    ///
    /// # Errors
    /// Its namespace is gone, or its addresses are not known.
    pub async fn reattach(
        &self,
        core: &Arc<Core>,
        record: &Arc<Record>,
        process: &Identity,
        state: &State,
        hostname: &str,
    ) -> Result<Option<Arc<Sandbox>>> {
        let mode = record.host_config.network_mode.as_str();
        if mode == "host" || mode.starts_with("container:") {
            return Ok(None);
        }
        let path = format!("/proc/{}/ns/net", process.pid);
        let namespace = std::fs::File::open(&path).map_err(Error::io("open", &path))?;
        let spec = sandbox_spec(record, hostname)?;
        let (core, record, ports) = (core.clone(), record.clone(), state.ports.clone());
        blocking(move || {
            let connector = &core.connector;
            let inner = wharf_network::Sandbox::attach(&connector.networks, &spec, namespace.into())?;
            let published = connector.resume_ports(&core.processes, &record, address_of(&inner), &ports)?;
            Ok(Some(Arc::new(Sandbox::new(&record.id, inner, published)?)))
        })
        .await
    }

    /// The ports that the state says were published.
    fn resume_ports(
        &self,
        processes: &Processes,
        record: &Record,
        address: Option<Ipv4Addr>,
        ports: &PortMap,
    ) -> Result<Vec<(String, PortKey)>> {
        let Some(address) = address else { return Ok(Vec::new()) };
        let wanted = publications(&record.config, &record.host_config)?;
        let mut all = Vec::new();
        for (name, binding) in
            ports.iter().flat_map(|(name, list)| list.iter().flatten().map(move |one| (name, one)))
        {
            let Some(key) = key(name, binding) else { continue };
            if let Some(publication) = wanted.iter().find(|publication| publication.name() == *name) {
                let claim = claim(record, address, publication);
                let failed =
                    |source| Error::Port { container: record.name.clone(), source: Box::new(source) };
                if self.balancer.resume(&claim, key, &publication.request).map_err(failed)? {
                    self.hold(processes, record, key)?;
                }
                all.push((name.clone(), key));
            }
        }
        Ok(all)
    }

    /// All running containers are taken over: what is left of ended ones goes, and connections are balanced.
    pub async fn finish_adoption(&self, core: &Arc<Core>) {
        let core = core.clone();
        let finished = blocking(move || {
            let connector = &core.connector;
            for key in connector.balancer.release_unclaimed() {
                // A monitor that is gone holds nothing.
                let _ = core.processes.release(&key.to_string());
            }
            connector.balance(&core, &connector.balancer.ports().reserved())?;
            let released = connector.balancer.ports().release_unadopted();
            released.map_err(|source| Error::Internal(chain(&source)))
        });
        if let Err(error) = finished.await {
            tracing::warn!(error = error.message(), "published ports of ended containers are left");
        }
    }
}

fn key(name: &str, binding: &PortBinding) -> Option<PortKey> {
    let protocol = name.split_once('/')?.1;
    let address: std::net::IpAddr = binding.host_ip.parse().ok()?;
    let port: u16 = binding.host_port.parse().ok()?;
    format!("{}/{protocol}", std::net::SocketAddr::new(address, port)).parse().ok()
}
