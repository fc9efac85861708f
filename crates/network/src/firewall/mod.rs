//! The firewall of an engine: one nf_tables table, in which networks are rebuilt whole and ports change one by one.
//!
//! A packet meets, in this order: `raw` (no remote packet to a loopback address), `prerouting` or `output` (a published
//! port picks a backend), `forward` (isolation between networks), `postrouting` (masquerading).
//! Whoever removes the table (`nft flush ruleset`, a firewall's reload) gets it back at once, see [`watch`].
//! A verdict "accept" ends only our own chains; a drop in somebody else's table stays a drop, see [`foreign`].

mod chains;
mod foreign;
mod networks;
mod ports;
mod watch;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddrV4;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use networks::NetworkRules;
pub(crate) use ports::PublishedPort;
pub(crate) use watch::Watch;

use crate::netfilter::{Batch, NetfilterSocket};

/// The table of one engine, in the network namespace where it was opened.
#[derive(Debug)]
pub(crate) struct Firewall {
    table: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    socket: NetfilterSocket,
    /// Whether this process has made sure of the table, its base chains and its maps.
    ready: bool,
    /// What this process has put into the table.
    content: Content,
}

#[derive(Debug, Default)]
struct Content {
    networks: Vec<NetworkRules>,
    ports: BTreeMap<PublishedPort, Vec<SocketAddrV4>>,
}

impl Firewall {
    /// Opens the firewall; nothing changes until the first rule is needed.
    pub(crate) fn open(table: &str) -> io::Result<Self> {
        let state = State { socket: NetfilterSocket::open()?, ready: false, content: Content::default() };
        Ok(Self { table: table.to_owned(), state: Mutex::new(state) })
    }

    /// Makes the rules of networks be exactly these, at once.
    pub(crate) fn apply_networks(&self, networks: &[NetworkRules]) -> io::Result<()> {
        let mut state = self.lock();
        let mut batch = self.start(&state);
        networks::write(&mut batch, networks);
        state.commit(batch)?;
        state.content.networks = networks.to_vec();
        self.admit(&mut state)
    }

    /// Sends connections to a published port to these backends in turn; without any, they reach the host itself.
    /// Connections that exist stay where they are. Other ports are not touched.
    pub(crate) fn set_port(&self, port: PublishedPort, backends: &[SocketAddrV4]) -> io::Result<()> {
        let mut state = self.lock();
        let mut batch = self.start(&state);
        ports::write(&mut batch, port, backends);
        state.commit(batch)?;
        state.content.ports.insert(port, backends.to_vec());
        Ok(())
    }

    /// Removes a published port that was set before.
    pub(crate) fn remove_port(&self, port: PublishedPort) -> io::Result<()> {
        let mut state = self.lock();
        state.content.ports.remove(&port);
        let mut batch = self.start(&state);
        ports::remove(&mut batch, port);
        state.commit(batch)
    }

    /// The published ports that the table has, also those of an earlier process.
    pub(crate) fn ports(&self) -> io::Result<Vec<PublishedPort>> {
        let chains = self.lock().socket.chains()?;
        let ours = chains.iter().filter(|chain| chain.table == self.table);
        Ok(ours.filter_map(|chain| PublishedPort::of_chain(&chain.name)).collect())
    }

    /// Removes the table and what was added to other tables.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let mut state = self.lock();
        foreign::admit(&mut state.socket, &self.table, &[])?;
        let mut batch = Batch::new(&self.table);
        // Made first, so that removing a table that is not there is no error.
        batch.ensure_table();
        batch.delete_table();
        state.ready = false;
        state.content = Content::default();
        state.socket.commit(batch)
    }

    /// Writes everything again that this process has put into the table.
    fn restore(&self) -> io::Result<()> {
        let mut state = self.lock();
        if state.content.networks.is_empty() && state.content.ports.is_empty() {
            return Ok(());
        }
        state.ready = false;
        let mut batch = self.start(&state);
        networks::write(&mut batch, &state.content.networks);
        for (port, backends) in &state.content.ports {
            ports::write(&mut batch, *port, backends);
        }
        state.commit(batch)?;
        self.admit(&mut state)
    }

    /// Makes sure that another firewall lets our networks' packets pass.
    fn admit(&self, state: &mut State) -> io::Result<()> {
        foreign::admit(&mut state.socket, &self.table, &state.content.networks)
    }

    fn start(&self, state: &State) -> Batch<'_> {
        let mut batch = Batch::new(&self.table);
        if !state.ready {
            chains::write(&mut batch);
        }
        batch
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn commit(&mut self, batch: Batch<'_>) -> io::Result<()> {
        self.socket.commit(batch)?;
        self.ready = true;
        Ok(())
    }
}
