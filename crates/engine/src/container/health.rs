//! Probing a running container's health (contract 4.4 to 4.6).

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::instance::Container;
use super::run::Run;
use crate::core::Core;
use crate::exec::probe::probe;
use crate::health::{HealthSettings, Machine, ProbeResult, Test};
use crate::names::api_time;

/// Begins probing a run, if its container has a health check.
pub fn begin_probing(core: &Arc<Core>, container: &Arc<Container>, run: &Arc<Run>) {
    let Some(settings) = HealthSettings::of(&container.record().config) else { return };
    let Test::Command(command) = settings.test.clone() else {
        tracing::warn!(
            container = container.id(),
            "the container has a health check of an unknown kind; it is not run"
        );
        return;
    };
    let prober =
        Prober { core: core.clone(), container: container.clone(), run: run.clone(), settings, command };
    let task = tokio::spawn(prober.work());
    *run.prober.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
}

struct Prober {
    core: Arc<Core>,
    container: Arc<Container>,
    run: Arc<Run>,
    settings: HealthSettings,
    command: Vec<String>,
}

impl Prober {
    async fn work(self) {
        while let Some(delay) = self.machine(|machine| machine.next_probe(&self.settings, self.age())) {
            tokio::time::sleep(delay).await;
            let (age, start) = (self.age(), Timestamp::now());
            let (exit_code, output) = self.probe().await;
            let (start, end) = (api_time(Some(start)), api_time(Some(Timestamp::now())));
            let result = ProbeResult { start, end, exit_code, output };
            if let Some(true) = self.machine(|machine| machine.probed(&self.settings, age, result)) {
                self.changed().await;
            }
        }
    }

    fn age(&self) -> Duration {
        self.run.started.elapsed()
    }

    fn machine<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> Option<T> {
        self.run.health.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(work)
    }

    async fn probe(&self) -> (i32, Vec<u8>) {
        match probe(&self.core, &self.container, &self.run, &self.command, self.settings.timeout).await {
            Ok((exit_code, output)) => (exit_code, output),
            Err(error) => (-1, error.message().into_bytes()),
        }
    }

    /// Connections follow first: who sees the new state may rely on it.
    async fn changed(&self) {
        let Some(status) = self.run.health_status() else { return };
        if let Some(sandbox) = &self.run.sandbox {
            self.core.connector.rebalance(&self.core, sandbox).await;
        }
        self.container.update_state(|state| state.health = Some(status));
        self.container.publish(&self.core.events, &format!("health_status: {}", status.as_str()), &[]);
    }
}
