//! A container's configuration over its image's (contract 1.10). No I/O.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::mounts::clean;
use super::stop::parse_signal;
use crate::error::{Error, Result};
use crate::health::endpoint;
use crate::health::settings;
use crate::model::config::{Config, Empty};

/// What the image says; the part of its configuration that containers inherit.
#[derive(Debug, Clone, Default)]
pub struct ImageDefaults {
    /// The image's configuration in the container's types.
    pub config: Config,
}

/// The configuration that the container runs with.
///
/// # Errors
/// There is no command, the working directory is relative, or something else is none: a stop signal, a health check.
pub fn merge(own: &Config, image: &ImageDefaults) -> Result<Config> {
    let base = &image.config;
    let mut config = own.clone();
    merge_command(&mut config, base);
    config.env = merge_environment(&own.env, &base.env);
    config.labels = base.labels.clone();
    // An image says nothing about what the engine does (CVE-2026-53488).
    config.labels.retain(|name, _| !name.starts_with(endpoint::RESERVED));
    config.labels.extend(own.labels.clone());
    union(&mut config.exposed_ports, &base.exposed_ports);
    if let Some(volumes) = base.volumes.as_ref().filter(|volumes| !volumes.is_empty()) {
        union(config.volumes.get_or_insert_default(), volumes);
    }
    config.volumes = config.volumes.filter(|volumes| !volumes.is_empty());
    inherit(&mut config.user, &base.user);
    inherit(&mut config.working_dir, &base.working_dir);
    inherit(&mut config.stop_signal, &base.stop_signal);
    config.shell = config.shell.or_else(|| base.shell.clone());
    config.healthcheck = settings::merge(own.healthcheck.as_ref(), base.healthcheck.as_ref());
    check(&config)?;
    if !config.working_dir.is_empty() {
        config.working_dir = clean(&config.working_dir);
    }
    Ok(config)
}

/// The table of contract 1.10.1.
fn merge_command(config: &mut Config, base: &Config) {
    let empty = |words: &Option<Vec<String>>| words.as_ref().is_none_or(Vec::is_empty);
    match config.entrypoint.as_deref() {
        None => {
            config.entrypoint.clone_from(&base.entrypoint);
            if empty(&config.cmd) {
                config.cmd.clone_from(&base.cmd);
                config.args_escaped = base.args_escaped;
            }
        }
        Some([]) if empty(&config.cmd) => config.cmd.clone_from(&base.cmd),
        Some([only]) if only.is_empty() => config.entrypoint = None,
        Some(_) => {}
    }
}

/// The container's variables as they were written, then those of the image that it does not name; an item without `=` hides
/// the image's variable. Of several items with one name the last one counts where a process is started.
fn merge_environment(own: &[String], base: &[String]) -> Vec<String> {
    fn name(item: &str) -> &str {
        item.split('=').next().unwrap_or(item)
    }
    let named: HashSet<&str> = own.iter().map(|item| name(item)).collect();
    own.iter().chain(base.iter().filter(|item| !named.contains(name(item)))).cloned().collect()
}

fn union(own: &mut IndexMap<String, Empty>, base: &IndexMap<String, Empty>) {
    for key in base.keys() {
        own.entry(key.clone()).or_default();
    }
}

fn inherit(own: &mut String, base: &str) {
    if own.is_empty() {
        base.clone_into(own);
    }
}

fn check(config: &Config) -> Result<()> {
    if command(config).is_empty() {
        return Err(Error::BadParameter("no command specified".to_owned()));
    }
    if !config.working_dir.is_empty() && !config.working_dir.starts_with('/') {
        let text = format!(
            "the working directory '{}' is invalid, it needs to be an absolute path",
            config.working_dir
        );
        return Err(Error::BadParameter(text));
    }
    if !config.stop_signal.is_empty() {
        parse_signal(&config.stop_signal)?;
    }
    endpoint::validate(&config.labels).map_err(Error::BadParameter)?;
    config
        .healthcheck
        .as_ref()
        .map_or(Ok(()), |health| settings::validate(health).map_err(Error::BadParameter))
}

/// Entrypoint and command as one list.
pub fn command(config: &Config) -> Vec<String> {
    config.entrypoint.iter().flatten().chain(config.cmd.iter().flatten()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn merged(entrypoint: Option<&[&str]>, cmd: Option<&[&str]>) -> Result<Vec<String>> {
        let own =
            Config { entrypoint: entrypoint.and_then(words), cmd: cmd.and_then(words), ..Config::default() };
        let base = Config { entrypoint: words(&["E"]), cmd: words(&["C"]), ..Config::default() };
        merge(&own, &ImageDefaults { config: base }).map(|config| command(&config))
    }

    #[test]
    fn the_command_table() {
        assert_eq!(merged(None, None).unwrap(), ["E", "C"]);
        assert_eq!(merged(None, Some(&[])).unwrap(), ["E", "C"]);
        assert_eq!(merged(None, Some(&["x"])).unwrap(), ["E", "x"]);
        assert_eq!(merged(Some(&["y"]), None).unwrap(), ["y"]);
        assert_eq!(merged(Some(&["y"]), Some(&["x"])).unwrap(), ["y", "x"]);
        assert_eq!(merged(Some(&[]), None).unwrap(), ["C"]);
        assert_eq!(merged(Some(&[""]), Some(&["x"])).unwrap(), ["x"]);
        assert_eq!(merged(Some(&[""]), None).unwrap_err().message(), "no command specified");
    }

    #[test]
    fn variables_merge_by_name() {
        let env = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let merged = merge_environment(&env(&["A=1", "B"]), &env(&["A=0", "B=0", "C=0"]));
        assert_eq!(merged, ["A=1", "B", "C=0"]);
        assert_eq!(merge_environment(&env(&["A=1", "A=2"]), &env(&["A=0"])), ["A=1", "A=2"]);
    }

    #[test]
    fn the_working_directory_must_be_absolute() {
        let own = Config { cmd: words(&["x"]), working_dir: "rel".to_owned(), ..Config::default() };
        assert!(merge(&own, &ImageDefaults::default()).is_err());
    }
}
