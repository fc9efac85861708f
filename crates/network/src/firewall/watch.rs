//! Puts the rules back when somebody removes them.
//!
//! A firewall's reload must not leave ports on loopback open to the network, or networks without isolation
//! (contract 3.3.4, CVE-2025-54388).

use std::io;
use std::sync::{Arc, Weak};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::{Firewall, foreign};
use crate::netfilter::{ChangeListener, TableChange};

/// Watches a firewall's table until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Watch {
    /// Starts to watch; to be called in the firewall's network namespace.
    pub(crate) fn start(runtime: &Handle, firewall: &Arc<Firewall>) -> io::Result<Self> {
        let _runtime = runtime.enter();
        #[expect(
            deprecated,
            reason = "the other constructors are unsafe, for types that may change their descriptor; this one never does"
        )]
        let listener = AsyncFd::with_interest(ChangeListener::open()?, Interest::READABLE)?;
        Ok(Self(runtime.spawn(watch(listener, Arc::downgrade(firewall)))))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(listener: AsyncFd<ChangeListener>, firewall: Weak<Firewall>) {
    loop {
        let changes = match listener.readable().await {
            Ok(mut ready) => ready.try_io(|listener| listener.get_ref().read()),
            Err(error) => return tracing::error!(%error, "the firewall is not watched any more"),
        };
        let (Ok(changes), Some(firewall)) = (changes, firewall.upgrade()) else { continue };
        // It blocks for well under a millisecond, unless hundreds of ports are published.
        if let Err(error) = react(&firewall, changes) {
            tracing::error!(%error, table = firewall.table, "cannot restore the firewall's rules");
        }
    }
}

fn react(firewall: &Firewall, changes: io::Result<Vec<TableChange>>) -> io::Result<()> {
    // When changes were lost, ours may be among them.
    let Ok(changes) = changes else { return firewall.restore() };
    let removed = |change: &TableChange| *change == TableChange::TableRemoved(firewall.table.clone());
    let concerns_admission = |change: &TableChange| match change {
        TableChange::ChainMade { table, chain } => foreign::is_relevant(table, chain),
        TableChange::TableRemoved(_) => false,
    };
    if changes.iter().any(removed) {
        firewall.restore()
    } else if changes.iter().any(concerns_admission) {
        firewall.admit(&mut firewall.lock())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    use wharf_container::namespace::in_new_network_namespace;

    use crate::firewall::{NetworkRules, PublishedPort};
    use crate::netfilter::{Batch, NetfilterSocket, Protocol};

    use super::*;

    #[test]
    fn a_removed_table_comes_back_with_all_its_rules() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: making a network namespace needs root");
            return;
        }
        in_new_network_namespace(|_| {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let firewall = Arc::new(Firewall::open("wharf").unwrap());
            let watch = Watch::start(runtime.handle(), &firewall).unwrap();
            let subnet = "10.0.0.0/24".parse().unwrap();
            let network = NetworkRules {
                bridge: "wh-1".into(),
                subnet,
                internal: false,
                masquerade: true,
                communication: true,
            };
            firewall.apply_networks(&[network]).unwrap();
            let backends = ["10.0.0.2:80".parse().unwrap(), "10.0.0.3:80".parse().unwrap()];
            let port = |port| PublishedPort { protocol: Protocol::Tcp, address: Ipv4Addr::UNSPECIFIED, port };
            for number in [80, 81] {
                firewall.set_port(port(number), &backends).unwrap();
            }
            let mut socket = NetfilterSocket::open().unwrap();
            let before = rules(&mut socket);
            for _ in 0..3 {
                let mut batch = Batch::new("wharf");
                batch.delete_table();
                socket.commit(batch).unwrap();
                let end = Instant::now() + Duration::from_secs(10);
                while rules(&mut socket) != before {
                    assert!(Instant::now() < end, "the table did not come back");
                    std::thread::yield_now();
                }
            }
            assert_eq!(firewall.ports().unwrap(), [port(80), port(81)]);
            firewall.remove().unwrap();
            drop(watch);
            assert!(socket.chains().unwrap().is_empty(), "what we remove ourselves stays away");
        })
        .unwrap();
    }

    /// How many rules there are in each chain.
    fn rules(socket: &mut NetfilterSocket) -> Vec<(String, usize)> {
        let chains = socket.chains().unwrap();
        let count =
            |name: String| (name.clone(), socket.rules("wharf", &name).map_or(0, |rules| rules.len()));
        chains.into_iter().map(|chain| chain.name).map(count).collect()
    }
}
