//! `LogConfig`: which drivers and options there are and what they mean (contract 6.5, 6.7, 6.9).

use crate::model::config::{Config, Labels};
use crate::model::host_config::LogConfig;

/// Bytes per file when the container asks for nothing: a log can never fill the disk by itself.
const DEFAULT_SIZE: u64 = 20_000_000;
const DEFAULT_FILES: usize = 3;
/// Docker's `local` driver keeps more.
const LOCAL_FILES: usize = 5;

/// A log option that cannot be honoured.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LogOptionsError {
    /// The driver is not one of this engine's.
    #[error("logger: no log driver named '{0}' is registered (this engine has json-file, local and none)")]
    Driver(String),
    /// Docker does not know it either.
    #[error("unknown log opt '{name}' for {driver} log driver")]
    Unknown {
        /// The option.
        name: String,
        /// The driver.
        driver: String,
    },
    /// Docker has it, this engine does not.
    #[error("log opt '{0}' is not supported by this engine")]
    Unsupported(String),
    /// The value makes no sense.
    #[error("invalid value '{value}' for log opt '{name}'")]
    Value {
        /// The option.
        name: String,
        /// Its value.
        value: String,
    },
}

/// How a container's output is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// `none`: nothing is kept.
    pub discard: bool,
    /// A file that has reached this many bytes is rotated before the next record.
    pub max_size: u64,
    /// How many files are kept, with the current one.
    pub max_files: usize,
    /// JSON object with attributes for every record; empty for none.
    pub attributes: Vec<u8>,
}

impl LogSettings {
    /// What `log` asks for, for a container of this configuration.
    ///
    /// # Errors
    /// A driver, option or value that this engine does not honour.
    pub fn parse(log: &LogConfig, name: &str, config: &Config) -> Result<LogSettings, LogOptionsError> {
        let files = match log.driver.as_str() {
            "" | "json-file" => DEFAULT_FILES,
            "local" => LOCAL_FILES,
            "none" => return Ok(LogSettings::discarding()),
            other => return Err(LogOptionsError::Driver(other.to_owned())),
        };
        let mut settings = LogSettings {
            discard: false,
            max_size: DEFAULT_SIZE,
            max_files: files,
            attributes: attributes(log, name, config),
        };
        for (option, value) in &log.config {
            settings.apply(&log.driver, option, value)?;
        }
        Ok(settings)
    }

    fn discarding() -> LogSettings {
        LogSettings { discard: true, max_size: 0, max_files: 1, attributes: Vec::new() }
    }

    fn apply(&mut self, driver: &str, name: &str, value: &str) -> Result<(), LogOptionsError> {
        let bad = || LogOptionsError::Value { name: name.to_owned(), value: value.to_owned() };
        match name {
            "max-size" => self.max_size = size(value).ok_or_else(bad)?,
            "max-file" => {
                self.max_files = value.parse().ok().filter(|files| *files >= 1).ok_or_else(bad)?;
            }
            // Capture never waits for a disk longer than for the page cache, so both modes are the same.
            "mode" if matches!(value, "blocking" | "non-blocking") => {}
            "max-buffer-size" => _ = size(value).ok_or_else(bad)?,
            "labels" | "env" | "tag" => {}
            "compress" if value == "false" => {}
            "mode" | "compress" if value != "true" => return Err(bad()),
            "compress" | "labels-regex" | "env-regex" => {
                return Err(LogOptionsError::Unsupported(name.to_owned()));
            }
            _ => {
                let driver = if driver.is_empty() { "json-file" } else { driver };
                return Err(LogOptionsError::Unknown { name: name.to_owned(), driver: driver.to_owned() });
            }
        }
        Ok(())
    }
}

/// Decimal units (contract 6.5): `10m` is 10 000 000. `-1` is unlimited.
fn size(text: &str) -> Option<u64> {
    if text == "-1" {
        return Some(u64::MAX);
    }
    let lower = text.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor: u64 = match &lower[digits.len()..] {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        _ => return None,
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(factor).filter(|size| *size > 0)
}

fn attributes(log: &LogConfig, name: &str, config: &Config) -> Vec<u8> {
    let mut attributes = std::collections::BTreeMap::new();
    for key in listed(&log.config, "labels") {
        if let Some(value) = config.labels.get(key) {
            attributes.insert(key.to_owned(), value.clone());
        }
    }
    for key in listed(&log.config, "env") {
        let prefix = format!("{key}=");
        if let Some(value) = config.env.iter().rev().find_map(|item| item.strip_prefix(&prefix)) {
            attributes.insert(key.to_owned(), value.to_owned());
        }
    }
    if let Some(tag) = log.config.get("tag") {
        attributes.insert("tag".to_owned(), tag.replace("{{.Name}}", name));
    }
    if attributes.is_empty() {
        return Vec::new();
    }
    serde_json::to_vec(&attributes).unwrap_or_default()
}

fn listed<'a>(options: &'a Labels, name: &str) -> impl Iterator<Item = &'a str> {
    let list = options.get(name).map(String::as_str).unwrap_or_default();
    list.split(',').map(str::trim).filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(driver: &str, options: &[(&str, &str)]) -> Result<LogSettings, LogOptionsError> {
        let config = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let container = Config {
            labels: Labels::from([("team".to_owned(), "ml".to_owned())]),
            env: vec!["STAGE=dev".to_owned()],
            ..Config::default()
        };
        LogSettings::parse(&LogConfig { driver: driver.to_owned(), config }, "web", &container)
    }

    #[test]
    fn sizes_are_decimal() {
        let settings = parse("json-file", &[("max-size", "10m"), ("max-file", "2")]).unwrap();
        assert_eq!((settings.max_size, settings.max_files), (10_000_000, 2));
        assert!(parse("", &[("max-size", "ten")]).is_err());
        assert!(parse("", &[("max-file", "0")]).is_err());
    }

    #[test]
    fn the_default_is_bounded() {
        let settings = parse("", &[]).unwrap();
        assert_eq!((settings.max_size, settings.max_files), (DEFAULT_SIZE, DEFAULT_FILES));
    }

    #[test]
    fn what_is_not_honoured_is_refused() {
        for (driver, option) in [("json-file", "colour"), ("json-file", "env-regex"), ("syslog", "tag")] {
            assert!(parse(driver, &[(option, "x")]).is_err(), "{driver} {option}");
        }
    }

    #[test]
    fn attributes_are_collected() {
        let settings = parse("", &[("labels", "team,none"), ("env", "STAGE"), ("tag", "{{.Name}}")]).unwrap();
        assert_eq!(settings.attributes, br#"{"STAGE":"dev","tag":"web","team":"ml"}"#);
    }
}
