//! The engine's event stream as wake-ups for whoever waits for a container.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures::StreamExt;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::engine::Engine;
use crate::plan::labels;

/// Changes that a slow receiver may fall behind before it has to look for itself.
const BACKLOG: usize = 4096;

/// Something happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerChange {
    /// Engine id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Service, empty for a container that belongs to none.
    pub service: String,
    /// Made by `run`, or for a `pre_start` hook.
    pub one_off: bool,
    /// `start`, `die`, `health_status: healthy`, …
    pub action: String,
    /// Exit code of a `die`.
    pub exit_code: Option<i64>,
}

/// A subscription to the changes of one project's containers.
pub struct ContainerEvents {
    sender: broadcast::Sender<ContainerChange>,
    reader: JoinHandle<()>,
}

impl ContainerEvents {
    /// Subscribes. Changes from now on are seen even if the engine answers late: it replays them from this moment.
    pub fn subscribe(engine: &Arc<Engine>, project: &str) -> ContainerEvents {
        let (sender, _) = broadcast::channel(BACKLOG);
        let reader = tokio::spawn(read(Arc::clone(engine), project.to_owned(), now(), sender.clone()));
        ContainerEvents { sender, reader }
    }

    /// Changes from now on.
    pub fn receive(&self) -> broadcast::Receiver<ContainerChange> {
        self.sender.subscribe()
    }
}

impl Drop for ContainerEvents {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
}

/// Reads until the subscription is dropped; an engine that restarts is asked again from where it stopped.
async fn read(
    engine: Arc<Engine>,
    project: String,
    mut since: String,
    sender: broadcast::Sender<ContainerChange>,
) {
    let filters = HashMap::from([
        ("type".to_owned(), vec!["container".to_owned()]),
        ("label".to_owned(), vec![format!("{}={project}", labels::PROJECT)]),
    ]);
    loop {
        let options = EventsOptionsBuilder::default().since(&since).filters(&filters).build();
        let mut events = Box::pin(engine.docker().events(Some(options)));
        let mut any = false;
        while let Some(Ok(event)) = events.next().await {
            any = true;
            since = time_after(&event).unwrap_or(since);
            // Nobody listening is fine: a waiter looks at the container before it listens.
            let _ = sender.send(change(event));
        }
        if !any && engine.docker().ping().await.is_err() {
            return;
        }
    }
}

fn time_after(event: &EventMessage) -> Option<String> {
    let nanoseconds = event.time_nano? + 1;
    Some(format!("{}.{:09}", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000))
}

fn change(event: EventMessage) -> ContainerChange {
    let actor = event.actor.unwrap_or_default();
    let attributes = actor.attributes.unwrap_or_default();
    let attribute = |key: &str| attributes.get(key).cloned().unwrap_or_default();
    ContainerChange {
        id: actor.id.unwrap_or_default(),
        name: attribute("name"),
        service: attribute(labels::SERVICE),
        one_off: attribute(labels::ONE_OFF) == "True" || !attribute(labels::HOOK).is_empty(),
        action: event.action.unwrap_or_default(),
        exit_code: attribute("exitCode").parse().ok(),
    }
}
