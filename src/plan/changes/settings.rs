//! The settings of a container by their names in a compose file, once as they are and once as they are wanted.
//!
//! What an image or an engine sets by itself is left out on both sides, so that only what somebody asked for is compared.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{EndpointSettings, HealthConfig, HostConfig, ImageConfig};

use super::destroyed::is_generated;
use super::{Existing, host};
use crate::plan::desired::ContainerSpec;
use crate::plan::labels;
use crate::project::spelling::duration;

/// A setting's path: `environment`, `LOG_LEVEL`.
pub type Field = Vec<String>;
/// Values as text.
pub(super) type Settings = BTreeMap<Field, String>;

/// The part of a container's configuration that requests and answers have in common.
#[derive(Default)]
struct Configuration<'c> {
    image: Option<&'c String>,
    texts: [(&'static str, Option<&'c String>); 5],
    lists: [(&'static str, Option<&'c Vec<String>>); 2],
    flags: [(&'static str, bool); 2],
    env: &'c [String],
    exposed: &'c [String],
    labels: Option<&'c HashMap<String, String>>,
    healthcheck: Option<&'c HealthConfig>,
    stop_timeout: Option<i64>,
}

/// Settings of a container that exists.
pub(super) fn of_existing(existing: &Existing) -> Settings {
    let Some(config) = &existing.container.config else { return Settings::new() };
    let own_hostname = existing.container.id.as_deref().and_then(|id| id.get(..12));
    let configuration = Configuration {
        image: config.image.as_ref(),
        texts: [
            ("hostname", config.hostname.as_ref().filter(|name| Some(name.as_str()) != own_hostname)),
            ("domainname", config.domainname.as_ref()),
            ("user", config.user.as_ref()),
            ("working_dir", config.working_dir.as_ref()),
            ("stop_signal", config.stop_signal.as_ref()),
        ],
        lists: [("command", config.cmd.as_ref()), ("entrypoint", config.entrypoint.as_ref())],
        flags: [("tty", config.tty == Some(true)), ("stdin_open", config.open_stdin == Some(true))],
        env: config.env.as_deref().unwrap_or_default(),
        exposed: config.exposed_ports.as_deref().unwrap_or_default(),
        labels: config.labels.as_ref(),
        healthcheck: config.healthcheck.as_ref(),
        stop_timeout: config.stop_timeout,
    };
    let networks = existing.container.network_settings.as_ref().and_then(|s| s.networks.as_ref());
    settings(&configuration, existing.container.host_config.as_ref(), networks, existing.image.as_ref())
}

/// Settings that a request asks for; `image` is the one that the container to compare with was made from.
pub(super) fn of_spec(spec: &ContainerSpec, image: Option<&ImageConfig>) -> Settings {
    let body = &spec.body;
    let configuration = Configuration {
        image: body.image.as_ref(),
        texts: [
            ("hostname", body.hostname.as_ref()),
            ("domainname", body.domainname.as_ref()),
            ("user", body.user.as_ref()),
            ("working_dir", body.working_dir.as_ref()),
            ("stop_signal", body.stop_signal.as_ref()),
        ],
        lists: [("command", body.cmd.as_ref()), ("entrypoint", body.entrypoint.as_ref())],
        flags: [("tty", body.tty == Some(true)), ("stdin_open", body.open_stdin == Some(true))],
        env: body.env.as_deref().unwrap_or_default(),
        exposed: body.exposed_ports.as_deref().unwrap_or_default(),
        labels: body.labels.as_ref(),
        healthcheck: body.healthcheck.as_ref(),
        stop_timeout: body.stop_timeout,
    };
    let networks = body.networking_config.as_ref().and_then(|config| config.endpoints_config.as_ref());
    settings(&configuration, body.host_config.as_ref(), networks, image)
}

fn settings(
    container: &Configuration<'_>,
    host: Option<&HostConfig>,
    networks: Option<&HashMap<String, EndpointSettings>>,
    image: Option<&ImageConfig>,
) -> Settings {
    let default = ImageConfig::default();
    let image = image.unwrap_or(&default);
    let mut all = host.map(host::settings).unwrap_or_default();
    let mut set = |path: &[&str], value: String| {
        all.insert(path.iter().map(|&part| part.to_owned()).collect(), value);
    };
    simple(container, image, &mut set);
    let from_image = image.env.as_deref().unwrap_or_default();
    for entry in container.env.iter().filter(|entry| !from_image.contains(entry)) {
        let (name, value) = entry.split_once('=').unwrap_or((entry, "(not set)"));
        set(&["environment", name], value.to_owned());
    }
    for (name, value) in user_labels(container.labels, image.labels.as_ref()) {
        set(&["labels", name], value.clone());
    }
    for port in exposed(container.exposed, image, host) {
        set(&["expose", port], "exposed".to_owned());
    }
    if let Some(check) = container.healthcheck.filter(|check| Some(*check) != image.healthcheck.as_ref()) {
        health(check).into_iter().for_each(|(name, value)| set(&["healthcheck", name], value));
    }
    for name in networks.into_iter().flat_map(HashMap::keys) {
        if !matches!(name.as_str(), "bridge" | "host" | "none") {
            set(&["networks", name], "connected".to_owned());
        }
    }
    all
}

/// Settings of one value each.
fn simple(container: &Configuration<'_>, image: &ImageConfig, set: &mut impl FnMut(&[&str], String)) {
    if let Some(image) = container.image {
        set(&["image"], image.clone());
    }
    let image_texts =
        [None, None, image.user.as_ref(), image.working_dir.as_ref(), image.stop_signal.as_ref()];
    for ((name, value), from_image) in container.texts.iter().zip(image_texts) {
        if let Some(value) = value.filter(|value| !value.is_empty() && Some(*value) != from_image) {
            set(&[name], value.clone());
        }
    }
    let image_lists = [image.cmd.as_ref(), image.entrypoint.as_ref()];
    for ((name, value), from_image) in container.lists.iter().zip(image_lists) {
        if let Some(value) = value.filter(|value| Some(*value) != from_image) {
            set(&[name], list(value));
        }
    }
    for (name, _) in container.flags.iter().filter(|(_, on)| *on) {
        set(&[name], "true".to_owned());
    }
    if let Some(seconds) = container.stop_timeout {
        set(&["stop_grace_period"], format!("{seconds}s"));
    }
}

fn list(items: &[String]) -> String {
    serde_json::Value::from(items.to_vec()).to_string()
}

/// Labels that a user wrote: not the project's own, and not the image's.
fn user_labels<'l>(
    labels: Option<&'l HashMap<String, String>>,
    image: Option<&HashMap<String, String>>,
) -> impl Iterator<Item = (&'l str, &'l String)> {
    let from_image = |name: &str, value: &String| image.and_then(|labels| labels.get(name)) == Some(value);
    let own = |name: &str| name.starts_with("com.docker.compose.") || name == labels::CONTENTS;
    let pairs = labels.into_iter().flatten().map(|(name, value)| (name.as_str(), value));
    let mut kept: Vec<_> = pairs.filter(|(name, value)| !own(name) && !from_image(name, value)).collect();
    kept.sort();
    kept.into_iter()
}

/// Ports that are only exposed: published ones are told apart, and the image's are its own.
fn exposed<'p>(ports: &'p [String], image: &ImageConfig, host: Option<&HostConfig>) -> Vec<&'p str> {
    let from_image = image.exposed_ports.as_deref().unwrap_or_default();
    let published = host.and_then(|host| host.port_bindings.as_ref());
    let is_published = |port: &str| published.is_some_and(|bindings| bindings.contains_key(port));
    let own = ports.iter().filter(|port| !from_image.contains(port) && !is_published(port));
    own.map(String::as_str).collect()
}

fn health(check: &HealthConfig) -> Vec<(&'static str, String)> {
    let times = [
        ("interval", check.interval),
        ("timeout", check.timeout),
        ("start_period", check.start_period),
        ("start_interval", check.start_interval),
    ];
    let times = times.into_iter().filter_map(|(name, time)| Some((name, time.filter(|time| *time != 0)?)));
    let mut all: Vec<_> = times.map(|(name, time)| (name, duration::format(time))).collect();
    all.extend(check.retries.filter(|count| *count != 0).map(|count| ("retries", count.to_string())));
    all.extend(check.test.as_ref().map(|test| ("test", list(test))));
    all
}

/// Whether a volume is one that nobody named.
pub(super) fn is_anonymous(source: &str) -> bool {
    source.is_empty() || is_generated(source)
}
