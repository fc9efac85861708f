//! When the engine ends by itself: nothing runs and nobody asks.

use std::time::Duration;

use tokio::sync::watch;

use crate::core::Core;

/// How long the engine waits for the next request when nothing runs, unless told otherwise.
pub const DEFAULT_IDLE: Duration = Duration::from_secs(30);

/// Returns when no container has run and no request was open for `idle`.
pub async fn wait_until_idle(core: &Core, mut open: watch::Receiver<usize>, idle: Duration) {
    loop {
        // The counting side lives as long as the engine.
        if open.wait_for(|open| *open == 0).await.is_err() {
            return;
        }
        let quiet = tokio::time::timeout(idle, open.changed()).await.is_err();
        if quiet && !has_work(core) {
            return;
        }
    }
}

fn has_work(core: &Core) -> bool {
    core.containers.all().iter().any(|container| container.status().counts_as_running())
}
