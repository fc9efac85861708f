//! Containers without a health check that publish ports: they count as ready when somebody in them listens, so that a replica
//! that is added gets no connection that it would refuse.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::run::Run;
use crate::core::{Core, blocking};
use crate::network::connections;
use crate::network::sandbox::Sandbox;

/// Between the first two looks: the kernel tells nobody when a program begins to listen.
const FIRST: Duration = Duration::from_millis(10);
/// Between two looks at one that takes its time.
const LONGEST: Duration = Duration::from_secs(1);

/// Waits until all published TCP ports of a run are listened to, and has connections follow. Ends with the run.
pub async fn await_listening(core: Arc<Core>, run: Arc<Run>) {
    let Some(sandbox) = run.sandbox.clone() else { return };
    let mut pause = FIRST;
    while !all_listen(&run, &sandbox).await {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
    run.listens.store(true, Ordering::Release);
    core.connector.rebalance(&core, &sandbox).await;
}

async fn all_listen(run: &Run, sandbox: &Sandbox) -> bool {
    let (pid, ports) = (run.identity.pid, sandbox.tcp_ports());
    let look = move || Ok(ports.iter().all(|port| connections::is_listening(pid, *port)));
    blocking(look).await.unwrap_or(false)
}
