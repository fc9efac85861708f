//! What happened: a bus with a bounded memory, as `docker events` reads it.
//!
//! Owns order and time of events. It never waits for a reader: a reader that falls behind loses its place and its stream ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::filters::Filters;
use crate::model::config::Labels;
use crate::model::event::{Actor, Event};

/// How many past events `since` can reach, as in Docker.
const MEMORY: usize = 256;
/// How far a reader may fall behind.
const BACKLOG: usize = 1024;

/// Filter keys of `GET /events`.
pub const FILTERS: &[&str] = &[
    "config",
    "container",
    "daemon",
    "event",
    "image",
    "label",
    "network",
    "node",
    "plugin",
    "scope",
    "secret",
    "service",
    "type",
    "volume",
];

/// Which events a reader wants.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Replay remembered events from this time on.
    pub since: Option<Timestamp>,
    /// End at this time.
    pub until: Option<Timestamp>,
    /// Keys: see [`FILTERS`].
    pub filters: Filters,
}

/// The bus; clones share it.
#[derive(Clone)]
pub struct Bus {
    past: Arc<Mutex<VecDeque<Event>>>,
    sender: broadcast::Sender<Event>,
}

impl Default for Bus {
    fn default() -> Self {
        Bus { past: Arc::default(), sender: broadcast::channel(BACKLOG).0 }
    }
}

impl Bus {
    /// Publishes an event with the present time.
    pub fn publish(&self, kind: &str, action: &str, id: &str, attributes: Labels) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        // Stamped under the lock, so that the order of times is the order of publication.
        let event = stamp(kind, action, id, attributes, Timestamp::now());
        if past.len() == MEMORY {
            past.pop_front();
        }
        past.push_back(event.clone());
        // No reader is no error.
        let _ = self.sender.send(event);
    }

    /// How many readers there are.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Remembered events since `since`, then new ones, until `until`. The subscription exists when this returns.
    pub fn subscribe(&self, query: EventQuery) -> BoxStream<'static, Event> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let replay = replay(&past, &query);
        drop(past);
        let deadline = query.until;
        let ended = deadline.is_some_and(|until| until <= Timestamp::now());
        let live = live(receiver).take_while(move |_| futures::future::ready(!ended));
        let filters = query.filters;
        let all = stream::iter(replay).chain(until(live, deadline));
        all.filter(move |event| futures::future::ready(matches(&filters, event))).boxed()
    }
}

fn replay(past: &VecDeque<Event>, query: &EventQuery) -> Vec<Event> {
    let Some(since) = query.since.map(nanoseconds) else {
        return Vec::new();
    };
    let until = query.until.map_or(i64::MAX, nanoseconds);
    past.iter().filter(|event| event.time_nano >= since && event.time_nano <= until).cloned().collect()
}

fn live(receiver: broadcast::Receiver<Event>) -> BoxStream<'static, Event> {
    stream::unfold(receiver, |mut receiver| async move {
        // A reader that lagged ends: it must read the state anew rather than miss something unknowingly.
        receiver.recv().await.ok().map(|event| (event, receiver))
    })
    .boxed()
}

fn until(
    events: impl futures::Stream<Item = Event> + Send + 'static,
    deadline: Option<Timestamp>,
) -> BoxStream<'static, Event> {
    match deadline {
        None => events.boxed(),
        Some(deadline) => events
            .take_until(async move {
                let left = deadline.duration_since(Timestamp::now());
                let left = std::time::Duration::try_from(left).unwrap_or_default();
                tokio::time::sleep(left).await;
            })
            .boxed(),
    }
}

fn stamp(kind: &str, action: &str, id: &str, attributes: Labels, now: Timestamp) -> Event {
    let old_style = matches!(kind, "container" | "image");
    let legacy = |text: &str| if old_style { text.to_owned() } else { String::new() };
    let from = match kind {
        "container" => attributes.get("image").cloned().unwrap_or_default(),
        _ => String::new(),
    };
    Event {
        status: legacy(action),
        id: legacy(id),
        from,
        kind: kind.to_owned(),
        action: action.to_owned(),
        actor: Actor { id: id.to_owned(), attributes },
        scope: "local".to_owned(),
        time: now.as_second(),
        time_nano: nanoseconds(now),
    }
}

/// Nanoseconds since 1970; the 64 bits of Docker's JSON end in the year 2262.
fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

fn matches(filters: &Filters, event: &Event) -> bool {
    let name = event.actor.attributes.get("name");
    let object = |kind: &str| {
        filters.any(kind, |wanted| {
            event.kind == kind
                && (event.actor.id.starts_with(wanted) || name.is_some_and(|name| name == wanted))
        })
    };
    filters.any("type", |wanted| event.kind == wanted)
        && filters.any("scope", |wanted| event.scope == wanted)
        && filters.any("event", |wanted| action_matches(&event.action, wanted))
        && filters.any("image", |wanted| image_matches(event, wanted))
        && ["container", "network", "volume", "daemon", "plugin", "service", "node", "secret", "config"]
            .into_iter()
            .all(object)
        && filters.labels(&event.actor.attributes)
}

/// `health_status` and `exec_start` carry a detail after the colon that a filter may leave out.
fn action_matches(action: &str, wanted: &str) -> bool {
    action == wanted || action.split_once(':').is_some_and(|(head, _)| head == wanted)
}

fn image_matches(event: &Event, wanted: &str) -> bool {
    let name = match event.kind.as_str() {
        "image" => event.actor.attributes.get("name"),
        "container" => event.actor.attributes.get("image"),
        _ => return false,
    };
    let without_tag = |name: &str| name.rsplit_once(':').map(|(head, _)| head == wanted);
    event.actor.id == wanted || name.is_some_and(|name| name == wanted || without_tag(name) == Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[tokio::test]
    async fn since_replays_and_then_follows() {
        let bus = Bus::default();
        bus.publish("container", "create", "one", labels(&[("image", "busybox")]));
        let mut events =
            bus.subscribe(EventQuery { since: Some(Timestamp::UNIX_EPOCH), ..EventQuery::default() });
        bus.publish("container", "start", "one", labels(&[("image", "busybox")]));
        let first = events.next().await.unwrap();
        let second = events.next().await.unwrap();
        assert_eq!((first.action.as_str(), second.action.as_str()), ("create", "start"));
        assert_eq!((first.status.as_str(), first.from.as_str()), ("create", "busybox"));
    }

    #[tokio::test]
    async fn until_in_the_past_ends_after_the_replay() {
        let bus = Bus::default();
        bus.publish("volume", "create", "v", Labels::new());
        let query = EventQuery {
            since: Some(Timestamp::UNIX_EPOCH),
            until: Some(Timestamp::now()),
            ..EventQuery::default()
        };
        assert_eq!(bus.subscribe(query).count().await, 1);
    }

    #[tokio::test]
    async fn filters_select() {
        let bus = Bus::default();
        for (action, name) in [("die", "web"), ("health_status: healthy", "web"), ("die", "db")] {
            bus.publish("container", action, "x", labels(&[("name", name)]));
        }
        let query = |filters: &str| EventQuery {
            since: Some(Timestamp::UNIX_EPOCH),
            until: Some(Timestamp::now()),
            filters: Filters::parse(filters).unwrap(),
        };
        let count = async |filters| bus.subscribe(query(filters)).count().await;
        assert_eq!(count(r#"{"container":["web"]}"#).await, 2);
        assert_eq!(count(r#"{"event":["health_status"]}"#).await, 1);
        assert_eq!(count(r#"{"type":["network"]}"#).await, 0);
    }
}
