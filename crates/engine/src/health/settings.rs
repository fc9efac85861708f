//! A health check as it is run: the container's and the image's fields merged, defaults filled in (contract 4.1 to 4.3).

use std::time::Duration;

use super::endpoint::Endpoint;
use crate::model::HealthConfig;
use crate::model::config::Config;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_START_INTERVAL: Duration = Duration::from_secs(5);
const DEFAULT_RETRIES: u32 = 3;
const SHORTEST: i64 = 1_000_000;

/// What a probe runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// These arguments.
    Command(Vec<String>),
    /// The engine asks by itself.
    Endpoint(Endpoint),
    /// A first word that is none of Docker's: there is no probe and no status.
    Unknown(String),
}

/// A health check, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthSettings {
    /// The probe.
    pub test: Test,
    /// Between the end of one probe and the start of the next.
    pub interval: Duration,
    /// A longer probe is killed and counts as failed.
    pub timeout: Duration,
    /// Failures count only after it, unless the container was healthy before.
    pub start_period: Duration,
    /// Replaces the interval in the start period.
    pub start_interval: Duration,
    /// So many failures in a row make the container unhealthy.
    pub retries: u32,
}

/// Takes each field that the container left open from the image (contract 4.3).
pub fn merge(container: Option<&HealthConfig>, image: Option<&HealthConfig>) -> Option<HealthConfig> {
    let (Some(own), Some(base)) = (container, image) else {
        return container.or(image).cloned();
    };
    let pick = |own: i64, base: i64| if own == 0 { base } else { own };
    Some(HealthConfig {
        test: if own.test.is_empty() { base.test.clone() } else { own.test.clone() },
        interval: pick(own.interval, base.interval),
        timeout: pick(own.timeout, base.timeout),
        start_period: pick(own.start_period, base.start_period),
        start_interval: pick(own.start_interval, base.start_interval),
        retries: pick(own.retries, base.retries),
    })
}

/// Refuses durations that Docker refuses.
///
/// # Errors
/// Docker's text, naming the field.
pub fn validate(health: &HealthConfig) -> Result<(), String> {
    let durations = [
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
    ];
    for (name, nanoseconds) in durations {
        if nanoseconds != 0 && nanoseconds < SHORTEST {
            return Err(format!("{name} in Healthcheck cannot be less than 1ms"));
        }
    }
    if health.retries < 0 {
        return Err("Retries in Healthcheck cannot be negative".to_owned());
    }
    Ok(())
}

impl HealthSettings {
    /// The check of a container with this merged configuration; `None` when it has none.
    pub fn of(config: &Config) -> Option<HealthSettings> {
        let endpoint = Endpoint::of(&config.labels).map(Test::Endpoint);
        let health = match (&config.healthcheck, &endpoint) {
            (None, None) => return None,
            (health, _) => health.clone().unwrap_or_default(),
        };
        let test = match endpoint {
            Some(endpoint) if health.test.first().is_none_or(|word| word != "NONE") => endpoint,
            _ => test(&health.test, config.shell.as_deref())?,
        };
        Some(HealthSettings {
            test,
            interval: duration(health.interval, DEFAULT_INTERVAL),
            timeout: duration(health.timeout, DEFAULT_TIMEOUT),
            start_period: duration(health.start_period, Duration::ZERO),
            start_interval: duration(health.start_interval, DEFAULT_START_INTERVAL),
            retries: u32::try_from(health.retries).ok().filter(|n| *n > 0).unwrap_or(DEFAULT_RETRIES),
        })
    }
}

fn test(words: &[String], shell: Option<&[String]>) -> Option<Test> {
    let (first, rest) = words.split_first()?;
    match first.as_str() {
        "NONE" => None,
        "CMD" => Some(Test::Command(rest.to_vec())),
        "CMD-SHELL" => {
            let default = ["/bin/sh".to_owned(), "-c".to_owned()];
            let shell = shell.filter(|words| !words.is_empty()).unwrap_or(&default);
            Some(Test::Command(shell.iter().chain(rest).cloned().collect()))
        }
        other => Some(Test::Unknown(other.to_owned())),
    }
}

fn duration(nanoseconds: i64, default: Duration) -> Duration {
    match u64::try_from(nanoseconds) {
        Ok(nanoseconds) if nanoseconds > 0 => Duration::from_nanos(nanoseconds),
        _ => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn settings(test: &[&str], shell: Option<&[&str]>) -> Option<HealthSettings> {
        let health = HealthConfig { test: words(test), ..HealthConfig::default() };
        HealthSettings::of(&Config {
            healthcheck: Some(health),
            shell: shell.map(words),
            ..Config::default()
        })
    }

    #[test]
    fn forms_of_the_test() {
        let command = |settings: Option<HealthSettings>| settings.map(|settings| settings.test);
        assert_eq!(command(settings(&["CMD", "a", "b"], None)), Some(Test::Command(words(&["a", "b"]))));
        let shell = Test::Command(words(&["/bin/sh", "-c", "a b"]));
        assert_eq!(command(settings(&["CMD-SHELL", "a b"], None)), Some(shell));
        let bash = Test::Command(words(&["bash", "-ec", "a"]));
        assert_eq!(command(settings(&["CMD-SHELL", "a"], Some(&["bash", "-ec"]))), Some(bash));
        assert_eq!(settings(&["NONE"], None), None);
        assert_eq!(settings(&[], None), None);
        assert!(matches!(command(settings(&["WHAT"], None)), Some(Test::Unknown(_))));
    }

    #[test]
    fn the_image_gives_what_the_container_leaves_open() {
        let image = HealthConfig { test: words(&["CMD", "x"]), interval: 7, ..HealthConfig::default() };
        let own = HealthConfig { retries: 9, ..HealthConfig::default() };
        let merged = merge(Some(&own), Some(&image)).unwrap();
        assert_eq!((merged.test, merged.interval, merged.retries), (words(&["CMD", "x"]), 7, 9));
    }

    #[test]
    fn an_endpoint_takes_the_place_of_the_command() {
        let health =
            HealthConfig { test: words(&["CMD", "x"]), interval: 7_000_000, ..HealthConfig::default() };
        let labels = [("dev.wharf.probe".to_owned(), "tcp://:80".to_owned())].into();
        let mut config = Config { healthcheck: Some(health), labels, ..Config::default() };
        let settings = HealthSettings::of(&config).unwrap();
        assert_eq!(settings.test, Test::Endpoint(Endpoint { port: 80, path: None }));
        assert_eq!(settings.interval, Duration::from_millis(7));
        config.healthcheck = Some(HealthConfig { test: words(&["NONE"]), ..HealthConfig::default() });
        assert_eq!(HealthSettings::of(&config), None);
        config.healthcheck = None;
        assert!(HealthSettings::of(&config).is_some());
    }

    #[test]
    fn defaults_are_dockers() {
        let settings = settings(&["CMD", "x"], None).unwrap();
        assert_eq!((settings.interval, settings.retries), (Duration::from_secs(30), 3));
        assert_eq!(settings.start_period, Duration::ZERO);
        let short = HealthConfig { interval: 10, ..HealthConfig::default() };
        assert!(validate(&short).unwrap_err().contains("Interval"));
    }
}
