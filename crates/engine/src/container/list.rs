//! `GET /containers/json`: which containers, in which order.

use std::sync::Arc;

use jiff::Timestamp;

use super::describe::{split_port, summarize};
use super::instance::Container;
use super::requests::ListOptions;
use super::state::Status;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::model::summary::ContainerSummary;

const KEYS: &[&str] = &[
    "ancestor",
    "before",
    "expose",
    "exited",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
];

/// The containers that `options` select, newest first.
///
/// # Errors
/// An unknown filter or value, or a container named in one that does not exist.
pub fn list(core: &Core, options: &ListOptions) -> Result<Vec<ContainerSummary>> {
    let filters = &options.filters;
    filters.allow(KEYS)?;
    check_values(filters)?;
    let bounds = Bounds::of(core, filters)?;
    let ancestors = ancestors(core, filters);
    let everything = options.all || options.limit.is_some() || !filters.get("status").is_empty();
    let everything = everything || !filters.get("exited").is_empty();
    let now = Timestamp::now();
    let all = core.containers.all().into_iter();
    let selected = all
        .filter(|container| everything || container.status().counts_as_running())
        .filter(|container| bounds.contain(container) && matches(container, filters, &ancestors));
    let selected = selected.take(options.limit.unwrap_or(usize::MAX));
    Ok(selected.map(|container| summarize(core, &container, now)).collect())
}

fn check_values(filters: &Filters) -> Result<()> {
    let known: [(&str, &[&str]); 2] = [
        ("status", &["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
        ("health", &["starting", "healthy", "unhealthy", "none"]),
    ];
    for (key, values) in known {
        if let Some(wrong) = filters.get(key).iter().find(|value| !values.contains(&value.as_str())) {
            return Err(Error::BadParameter(format!("invalid filter '{key}={wrong}'")));
        }
    }
    match filters.get("exited").iter().find(|code| code.parse::<i32>().is_err()) {
        Some(wrong) => Err(Error::BadParameter(format!("invalid filter 'exited={wrong}'"))),
        None => Ok(()),
    }
}

/// `before` and `since`.
struct Bounds {
    before: Option<Timestamp>,
    since: Option<Timestamp>,
}

impl Bounds {
    fn of(core: &Core, filters: &Filters) -> Result<Bounds> {
        let created = |key: &str| -> Result<Option<Timestamp>> {
            let container = filters.get(key).first().map(|reference| core.containers.get(reference));
            Ok(container.transpose()?.map(|container| container.record().created))
        };
        Ok(Bounds { before: created("before")?, since: created("since")? })
    }

    fn contain(&self, container: &Container) -> bool {
        let created = container.record().created;
        self.before.is_none_or(|before| created < before) && self.since.is_none_or(|since| created > since)
    }
}

/// Ids of the images of `ancestor`, beside the words themselves.
fn ancestors(core: &Core, filters: &Filters) -> Vec<String> {
    filters
        .get("ancestor")
        .iter()
        .filter_map(|name| core.images.find(name).ok())
        .map(|image| image.id)
        .collect()
}

fn matches(container: &Arc<Container>, filters: &Filters, ancestors: &[String]) -> bool {
    let (record, state) = (container.record(), container.state());
    let exited = |code: &str| {
        state.status == Status::Exited && code.parse() == Ok(state.exit_code) && state.started_at.is_some()
    };
    let health = state.shown_health().map_or("none", |health| health.as_str());
    let mounted = |wanted: &str| {
        record
            .mounts
            .iter()
            .any(|mount| mount.volume == wanted || mount.destination == wanted || mount.source == wanted)
    };
    let network = |wanted: &str| {
        record.endpoints.contains_key(wanted)
            || record.endpoints.keys().any(|name| {
                state.networks.get(name).is_some_and(|endpoint| endpoint.network_id.starts_with(wanted))
            })
    };
    filters.any("id", |wanted| record.id.starts_with(wanted))
        && filters.any("name", |wanted| name_matches(&record.name, wanted))
        && filters.any("status", |wanted| state.status.as_str() == wanted)
        && filters.any("health", |wanted| health == wanted)
        && filters.any("exited", exited)
        && filters.any("volume", mounted)
        && filters.any("network", network)
        && filters.any("expose", |wanted| has_port(record.config.exposed_ports.keys(), wanted))
        && filters.any("publish", |wanted| has_port(state.ports.keys(), wanted))
        && filters
            .any("ancestor", |wanted| record.config.image == wanted || ancestors.contains(&record.image_id))
        && filters.any("is-task", |wanted| matches!(wanted, "false" | "0"))
        && filters.labels(&record.config.labels)
}

/// A name filter is a regular expression in Docker; here anchors and plain text, which is what clients send.
fn name_matches(name: &str, wanted: &str) -> bool {
    let (start, rest) = wanted.strip_prefix('^').map_or((false, wanted), |rest| (true, rest));
    let (end, text) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
    let text = text.strip_prefix('/').unwrap_or(text);
    match (start, end) {
        (true, true) => name == text,
        (true, false) => name.starts_with(text),
        (false, true) => name.ends_with(text),
        (false, false) => name.contains(text),
    }
}

/// `80`, `80/udp` or `80-90/tcp` against a container's ports.
fn has_port<'a>(mut ports: impl Iterator<Item = &'a String>, wanted: &str) -> bool {
    let (range, protocol) = wanted.split_once('/').unwrap_or((wanted, "tcp"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else { return false };
    ports.any(|port| {
        split_port(port).is_some_and(|(number, kind)| (first..=last).contains(&number) && kind == protocol)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_clients_write_them() {
        assert!(name_matches("web-1", "web"));
        assert!(name_matches("web-1", "^/web-1$"));
        assert!(!name_matches("my-web-1", "^web"));
        assert!(name_matches("my-web-1", "1$"));
    }

    #[test]
    fn ports_match_by_range_and_protocol() {
        let ports = ["80/tcp".to_owned(), "53/udp".to_owned()];
        assert!(has_port(ports.iter(), "80"));
        assert!(has_port(ports.iter(), "50-60/udp"));
        assert!(!has_port(ports.iter(), "53"));
    }
}
