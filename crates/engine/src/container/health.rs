//! Probing a running container's health (contract 4.4 to 4.6).

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::instance::Container;
use super::listening::await_listening;
use super::requests::StopOptions;
use super::run::Run;
use super::start::launch;
use super::stop::stop;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::exec::probe::{probe, timed_out};
use crate::health::budget::RESTARTS;
use crate::health::endpoint::{Endpoint, restarts_when_unhealthy};
use crate::health::{HealthSettings, HealthStatus, Machine, ProbeResult, Test, request};
use crate::names::api_time;

/// Begins probing a run, if its container has a health check; else waits until it listens.
pub fn begin_probing(core: &Arc<Core>, container: &Arc<Container>, run: &Arc<Run>) {
    let Some(settings) = HealthSettings::of(&container.record().config) else {
        let task = tokio::spawn(await_listening(core.clone(), run.clone()));
        run.probe_with(task.abort_handle());
        return;
    };
    if let Test::Unknown(kind) = &settings.test {
        tracing::warn!(
            container = container.id(),
            kind,
            "the container has a health check of an unknown kind; it is not run"
        );
        return;
    }
    let prober = Prober { core: core.clone(), container: container.clone(), run: run.clone(), settings };
    run.probe_with(tokio::spawn(prober.work()).abort_handle());
}

struct Prober {
    core: Arc<Core>,
    container: Arc<Container>,
    run: Arc<Run>,
    settings: HealthSettings,
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
        let timeout = self.settings.timeout;
        let result = match &self.settings.test {
            Test::Command(command) => probe(&self.core, &self.container, &self.run, command, timeout).await,
            Test::Endpoint(endpoint) => self.ask(endpoint).await,
            Test::Unknown(kind) => Err(Error::BadParameter(format!("unknown kind of health check {kind:?}"))),
        };
        result.unwrap_or_else(|error| (-1, error.message().into_bytes()))
    }

    async fn ask(&self, endpoint: &Endpoint) -> Result<(i32, Vec<u8>)> {
        let namespace = self.run.network_namespace()?;
        let timeout = self.settings.timeout;
        match tokio::time::timeout(timeout, request::ask(&namespace, endpoint)).await {
            Ok(answer) => Ok(answer),
            Err(_) => Ok((-1, timed_out(timeout, Vec::new()))),
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
        if status == HealthStatus::Unhealthy
            && restarts_when_unhealthy(&self.container.record().config.labels)
        {
            self.restart();
        }
    }

    /// In a task of its own: this one ends with the run.
    fn restart(&self) {
        if !self.container.update_state(|state| state.unhealthy_restarts.take(Timestamp::now())) {
            tracing::warn!(
                container = self.container.id(),
                "it is unhealthy and stays so: it was restarted {RESTARTS} times in ten minutes"
            );
            return;
        }
        let (core, container, run) = (self.core.clone(), self.container.clone(), self.run.clone());
        tokio::spawn(async move {
            if let Err(error) = restart_unhealthy(&core, &container, &run).await {
                tracing::warn!(
                    container = container.id(),
                    error = error.message(),
                    "cannot restart an unhealthy container"
                );
            }
        });
    }
}

async fn restart_unhealthy(core: &Arc<Core>, container: &Arc<Container>, run: &Arc<Run>) -> Result<()> {
    let _operation = container.operation.lock().await;
    // Somebody may have stopped, restarted or cured it meanwhile.
    let same_run = container.run().is_some_and(|present| Arc::ptr_eq(&present, run));
    if !same_run || run.health_status() != Some(HealthStatus::Unhealthy) || core.is_ending() {
        return Ok(());
    }
    stop(core, container, &StopOptions::default()).await?;
    container.update_state(|state| {
        state.manually_stopped = false;
        state.restart_count += 1;
    });
    launch(core, container).await?;
    container.publish(&core.events, "restart", &[]);
    Ok(())
}
