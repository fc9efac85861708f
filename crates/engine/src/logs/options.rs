//! `LogConfig`: which drivers and options there are and what they mean (contract 6.5, 6.7, 6.9).

use std::collections::BTreeMap;

use regex::Regex;

use super::format::Format;
use super::tag::{self, TagSource};
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
    #[error(
        "error looking up logging plugin {0}: plugin \"{0}\" not found (this engine has json-file, local and none)"
    )]
    Driver(String),
    /// Docker does not know it either.
    #[error("unknown log opt '{name}' for {driver} log driver")]
    Unknown {
        /// The option.
        name: String,
        /// The driver.
        driver: String,
    },
    /// There is nothing to compress.
    #[error("compress cannot be true when max-file is less than 2 or max-size is unlimited")]
    Compress,
    /// Output is either waited for or not.
    #[error("logger: logging mode not supported: {0}")]
    Mode(String),
    /// What is never full has no size.
    #[error("logger: max-buffer-size option is only supported with 'mode=non-blocking'")]
    Buffer,
    /// A size that is none.
    #[error("error parsing option max-buffer-size: invalid size: '{0}'")]
    BufferSize(String),
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
    /// How records are written.
    pub format: Format,
    /// Files that were rotated away are compressed.
    pub compress: bool,
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
    pub fn parse(
        log: &LogConfig,
        container: &TagSource<'_>,
        config: &Config,
    ) -> Result<LogSettings, LogOptionsError> {
        let (format, max_files) = match log.driver.as_str() {
            "" | "json-file" => (Format::Json, DEFAULT_FILES),
            "local" => (Format::Local, LOCAL_FILES),
            "none" => return Ok(LogSettings::discarding()),
            other => return Err(LogOptionsError::Driver(other.to_owned())),
        };
        let attributes = attributes(log, container, config)?;
        let compress = format == Format::Local;
        let mut settings =
            LogSettings { discard: false, format, compress, max_size: DEFAULT_SIZE, max_files, attributes };
        let waits = log.config.get("mode").is_none_or(|mode| mode != "non-blocking");
        for (option, value) in &log.config {
            settings.apply(&log.driver, option, value)?;
        }
        if waits && log.config.contains_key("max-buffer-size") {
            return Err(LogOptionsError::Buffer);
        }
        let can_compress = settings.max_files > 1 && settings.max_size != u64::MAX;
        if settings.compress && !can_compress && log.config.contains_key("compress") {
            return Err(LogOptionsError::Compress);
        }
        settings.compress &= can_compress;
        Ok(settings)
    }

    fn discarding() -> LogSettings {
        let (format, attributes) = (Format::Json, Vec::new());
        LogSettings { discard: true, format, compress: false, max_size: 0, max_files: 1, attributes }
    }

    fn apply(&mut self, driver: &str, name: &str, value: &str) -> Result<(), LogOptionsError> {
        let bad = || LogOptionsError::Value { name: name.to_owned(), value: value.to_owned() };
        match name {
            "max-size" => self.max_size = size(value).ok_or_else(bad)?,
            "max-file" => {
                self.max_files = value.parse().ok().filter(|files| *files >= 1).ok_or_else(bad)?;
            }
            "compress" => self.compress = boolean(value).ok_or_else(bad)?,
            // Capture never waits for a disk longer than for the page cache, so both modes are the same.
            "mode" if matches!(value, "blocking" | "non-blocking") => {}
            "mode" => return Err(LogOptionsError::Mode(value.to_owned())),
            "max-buffer-size" => {
                size(value).ok_or_else(|| LogOptionsError::BufferSize(value.to_owned()))?;
            }
            "labels" | "labels-regex" | "env" | "env-regex" | "tag" => {}
            _ => {
                let driver = if driver.is_empty() { "json-file" } else { driver };
                return Err(LogOptionsError::Unknown { name: name.to_owned(), driver: driver.to_owned() });
            }
        }
        Ok(())
    }
}

/// The words that Go takes for a truth value.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
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

/// Labels and variables that were asked for by name or by pattern, and the tag.
fn attributes(
    log: &LogConfig,
    container: &TagSource<'_>,
    config: &Config,
) -> Result<Vec<u8>, LogOptionsError> {
    let mut attributes = BTreeMap::new();
    let labels = config.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    select(log, "labels", labels, &mut attributes)?;
    let variables = config.env.iter().filter_map(|item| item.split_once('='));
    select(log, "env", variables, &mut attributes)?;
    if let Some(template) = log.config.get("tag").filter(|template| !template.is_empty()) {
        let value = || LogOptionsError::Value { name: "tag".to_owned(), value: template.clone() };
        attributes.insert("tag".to_owned(), tag::expand(template, container).ok_or_else(value)?);
    }
    if attributes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(serde_json::to_vec(&attributes).unwrap_or_default())
}

/// Those of `all` that the option `name` lists or that match the option `name-regex`.
fn select<'a>(
    log: &LogConfig,
    name: &str,
    all: impl Iterator<Item = (&'a str, &'a str)>,
    attributes: &mut BTreeMap<String, String>,
) -> Result<(), LogOptionsError> {
    let option = format!("{name}-regex");
    let pattern = log.config.get(&option).filter(|pattern| !pattern.is_empty());
    let pattern = pattern.map(|pattern| {
        Regex::new(pattern).map_err(|_| LogOptionsError::Value { name: option, value: pattern.clone() })
    });
    let pattern = pattern.transpose()?;
    let listed: Vec<&str> = listed(&log.config, name).collect();
    let wanted =
        |key: &str| listed.contains(&key) || pattern.as_ref().is_some_and(|pattern| pattern.is_match(key));
    attributes
        .extend(all.filter(|(key, _)| wanted(key)).map(|(key, value)| (key.to_owned(), value.to_owned())));
    Ok(())
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
        LogSettings::parse(
            &LogConfig { driver: driver.to_owned(), config },
            &TagSource::example(),
            &container,
        )
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
        for (driver, option, value) in [
            ("json-file", "colour", "x"),
            ("json-file", "env-regex", "("),
            ("json-file", "mode", "sometimes"),
            ("json-file", "max-buffer-size", "1m"),
            ("json-file", "tag", "{{.Colour}}"),
            ("local", "compress", "x"),
            ("syslog", "tag", "x"),
        ] {
            assert!(parse(driver, &[(option, value)]).is_err(), "{driver} {option}");
        }
    }

    #[test]
    fn what_is_never_rotated_is_not_compressed() {
        assert!(parse("local", &[]).unwrap().compress);
        assert!(!parse("local", &[("max-file", "1")]).unwrap().compress);
        assert!(parse("json-file", &[("compress", "true"), ("max-size", "1m")]).unwrap().compress);
        let unlimited = parse("json-file", &[("compress", "true"), ("max-size", "-1")]);
        assert_eq!(unlimited, Err(LogOptionsError::Compress));
    }

    #[test]
    fn attributes_are_collected() {
        let settings = parse("", &[("labels", "team,none"), ("env", "STAGE"), ("tag", "{{.Name}}")]).unwrap();
        assert_eq!(settings.attributes, br#"{"STAGE":"dev","tag":"web","team":"ml"}"#);
        let settings = parse("", &[("labels-regex", "^te"), ("env-regex", "AG")]).unwrap();
        assert_eq!(settings.attributes, br#"{"STAGE":"dev","team":"ml"}"#);
    }
}
