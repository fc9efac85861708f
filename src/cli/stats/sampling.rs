//! The newest sample of every container, while containers come and go.

use std::collections::BTreeMap;
use std::sync::Arc;

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures::StreamExt;
use serde_json::{Map, Value};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use super::StatsArgs;
use super::sample::Sample;
use crate::cli::Failure;
use crate::engine::Engine;
use crate::execute::{ContainerChange, ContainerEvents};
use crate::plan::observed::ObservedContainer;

/// Samples that may wait to be looked at.
const QUEUE: usize = 64;

/// The samples of a project's containers.
pub(super) struct Samples {
    engine: Arc<Engine>,
    services: Vec<String>,
    /// Containers stay in the list after their end.
    keep: bool,
    /// By name, as they are shown.
    shown: BTreeMap<String, Shown>,
    sender: mpsc::Sender<(String, ContainerStatsResponse)>,
    arriving: mpsc::Receiver<(String, ContainerStatsResponse)>,
    changes: broadcast::Receiver<ContainerChange>,
    _events: ContainerEvents,
}

struct Shown {
    id: String,
    sample: Sample,
    reader: Option<JoinHandle<()>>,
}

impl Samples {
    /// Begins to read the samples of `containers` and of those that start later.
    pub(super) fn begin(
        engine: &Arc<Engine>,
        project: &str,
        args: &StatsArgs,
        containers: Vec<ObservedContainer>,
    ) -> Samples {
        let events = ContainerEvents::subscribe(engine, project);
        let (sender, arriving) = mpsc::channel(QUEUE);
        let mut samples = Samples {
            engine: Arc::clone(engine),
            services: args.services.clone(),
            keep: args.all,
            shown: BTreeMap::new(),
            sender,
            arriving,
            changes: events.receive(),
            _events: events,
        };
        for container in containers {
            samples.add(&container.id, container.name.clone(), container.is_running());
        }
        samples
    }

    /// Waits for the next sample or change of the list.
    pub(super) async fn next(&mut self) -> Result<(), Failure> {
        tokio::select! {
            Some((name, stats)) = self.arriving.recv() => {
                if let Some(shown) = self.shown.get_mut(&name) {
                    shown.sample = Sample::from_stats(&stats);
                }
            }
            change = self.changes.recv() => match change {
                Ok(change) => self.change(change),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(Failure::message("the engine is gone")),
            },
        }
        Ok(())
    }

    /// Whether no container is shown.
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// What is known now, by name.
    pub(super) fn entries(&self, whole_ids: bool) -> Vec<Map<String, Value>> {
        self.shown.iter().map(|(name, shown)| shown.sample.entry(&shown.id, name, whole_ids)).collect()
    }

    fn change(&mut self, change: ContainerChange) {
        if !(self.services.is_empty() || self.services.contains(&change.service)) {
            return;
        }
        match change.action.as_str() {
            "start" => self.add(&change.id, change.name, true),
            "die" if self.keep => self.add(&change.id, change.name, false),
            "die" | "destroy" => self.remove(&change.name),
            _ => {}
        }
    }

    fn add(&mut self, id: &str, name: String, running: bool) {
        self.remove(&name);
        let reader = running.then(|| {
            let (engine, sender) = (Arc::clone(&self.engine), self.sender.clone());
            tokio::spawn(read(engine, id.to_owned(), name.clone(), sender))
        });
        self.shown.insert(name, Shown { id: id.to_owned(), sample: Sample::default(), reader });
    }

    fn remove(&mut self, name: &str) {
        if let Some(Shown { reader: Some(reader), .. }) = self.shown.remove(name) {
            reader.abort();
        }
    }
}

/// Reads samples until the container ends.
async fn read(
    engine: Arc<Engine>,
    id: String,
    name: String,
    sender: mpsc::Sender<(String, ContainerStatsResponse)>,
) {
    let options = StatsOptionsBuilder::default().stream(true).build();
    let mut stats = Box::pin(engine.docker().stats(&id, Some(options)));
    while let Some(Ok(sample)) = stats.next().await {
        if sender.send((name.clone(), sample)).await.is_err() {
            return;
        }
    }
}
