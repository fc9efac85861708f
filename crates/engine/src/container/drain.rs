//! Letting the connections of a container end before it gets its stop signal, where other replicas serve its published ports
//! meanwhile. Its place in the balance is given up already.

use std::sync::Arc;
use std::time::Duration;

use super::instance::Container;
use super::run::Run;
use super::state::Status;
use crate::core::{Core, blocking};
use crate::network::connections;

/// Between two looks: the kernel tells nobody when a connection ends.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until nobody is connected to the container's published ports any more, at most for `limit`. It does not wait for a
/// container that serves alone, is frozen or ends by itself.
pub async fn drain(core: &Arc<Core>, container: &Arc<Container>, run: &Run, limit: Duration) {
    let Some(sandbox) = &run.sandbox else { return };
    let ports = sandbox.tcp_ports();
    if ports.is_empty() || limit.is_zero() {
        return;
    }
    let (pid, keys) = (run.identity.pid, sandbox.keys());
    let ended = async {
        while core.connector.others_serve(&keys) && container.status() == Status::Running && !core.is_ending()
        {
            let ports = ports.clone();
            if !matches!(blocking(move || Ok(connections::any_open(pid, &ports))).await, Ok(true)) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(limit, ended).await.is_err() {
        tracing::info!(container = container.id(), "connections are open after the grace period");
    }
}
