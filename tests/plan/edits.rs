//! Changes to what exists that no command of the project makes: what users, crashes and other tools leave behind.

use wharf::plan::labels;
use wharf::plan::observed::{Health, ObservedContainer, ObservedResource, State};

use super::model::{Engine, end};

/// Applies one line: a verb, what it is about, and more.
pub fn apply(engine: &mut Engine, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["network", name, change] => network(engine, name, change),
        ["volume", name, change] => volume(engine, name, change),
        ["image", name, "gone"] => drop(engine.observed.images.remove(name)),
        ["image", name, id] => drop(engine.observed.images.insert(name.to_owned(), format!("sha256:{id}"))),
        ["remove", name] => {
            engine.container(name).expect("the container");
            engine.observed.containers.retain(|container| container.name != name);
        }
        ["copy", name, to, number] => copy(engine, name, to, number),
        ["one-off", name, of, state] => {
            copy(engine, of, name, "0");
            let container = engine.container(name).expect("the copy");
            (container.one_off, container.number, container.state) = (true, None, self::state(state));
        }
        [verb, name, ref rest @ ..] => {
            let container = engine.container(name).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
            change(container, verb, rest);
        }
        _ => panic!("edit {line:?} is not understood"),
    }
    engine.observed.containers.sort_by(|a, b| a.name.cmp(&b.name));
}

fn change(container: &mut ObservedContainer, verb: &str, rest: &[&str]) {
    match (verb, rest) {
        ("exit", [code]) => end(container, code.parse().expect("a code")),
        ("state", [word]) => {
            container.state = state(word);
            let checked = container.is_running() && container.command == super::model::CHECKED;
            container.health = checked.then_some(Health::Starting);
        }
        ("health", ["healthy"]) => container.health = Some(Health::Healthy),
        ("health", ["starting"]) => container.health = Some(Health::Starting),
        ("health", ["unhealthy"]) => container.health = Some(Health::Unhealthy),
        ("label", [pair]) => {
            let (key, value) = pair.split_once('=').expect("KEY=VALUE");
            container.labels.insert(key.to_owned(), value.to_owned());
        }
        ("rename", [to]) => container.name = (*to).to_owned(),
        ("disconnect", [network]) => drop(container.networks.remove(*network)),
        ("unmount", [target]) => container.mounts.retain(|m| m.destination.as_deref() != Some(target)),
        ("service", [service]) => to_service(container, service),
        // What Docker Compose writes is what is written here, but for Wharf's own labels.
        ("by-docker-compose", []) => {
            container.labels.retain(|key, _| !key.starts_with("dev.wharf."));
            container.labels.insert(labels::VERSION.to_owned(), "2.40.3".to_owned());
        }
        _ => panic!("edit {verb} {rest:?} is not understood"),
    }
}

fn to_service(container: &mut ObservedContainer, service: &str) {
    service.clone_into(&mut container.service);
    container.labels.insert(labels::SERVICE.to_owned(), service.to_owned());
}

fn state(word: &str) -> State {
    match word {
        "created" => State::Created,
        "running" => State::Running,
        "paused" => State::Paused,
        "restarting" => State::Restarting,
        "exited" => State::Exited,
        "dead" => State::Dead,
        other => panic!("there is no state {other}"),
    }
}

fn copy(engine: &mut Engine, name: &str, to: &str, number: &str) {
    let mut twin = engine.container(name).expect("the container").clone();
    twin.name = to.to_owned();
    twin.id = engine.next_id();
    twin.number = number.parse().ok();
    twin.labels.insert(labels::NUMBER.to_owned(), number.to_owned());
    engine.observed.containers.push(twin);
}

fn network(engine: &mut Engine, name: &str, change: &str) {
    let networks = &mut engine.observed.networks;
    match change {
        "gone" => drop(networks.remove(name)),
        "anew" => networks.get_mut(name).expect("the network").id = format!("anew-{name}"),
        "by-hand" => drop(networks.insert(name.to_owned(), by_hand(name))),
        other => panic!("network {name} {other} is not understood"),
    }
}

fn volume(engine: &mut Engine, name: &str, change: &str) {
    let volumes = &mut engine.observed.volumes;
    match change {
        "gone" => drop(volumes.remove(name)),
        "by-hand" => drop(volumes.insert(name.to_owned(), by_hand(name))),
        other => panic!("volume {name} {other} is not understood"),
    }
}

fn by_hand(name: &str) -> ObservedResource {
    ObservedResource { id: name.to_owned(), ..ObservedResource::default() }
}
