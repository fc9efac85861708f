//! What the engine itself asks a container, where an image has no program for that: labels `dev.wharf.probe` and
//! `dev.wharf.on_unhealthy`.

use crate::model::config::Labels;

/// `http://:8000/health` or `tcp://:5432`: replaces the command of the health check.
pub const PROBE_LABEL: &str = "dev.wharf.probe";
/// `restart`: a container that becomes unhealthy is restarted.
pub const UNHEALTHY_LABEL: &str = "dev.wharf.on_unhealthy";
/// All labels that this engine acts upon begin so.
pub const RESERVED: &str = "dev.wharf.";

/// A port of the container, on its loopback interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The port.
    pub port: u16,
    /// The path of an HTTP request that must succeed; `None` when a connection is enough.
    pub path: Option<String>,
}

impl Endpoint {
    /// Reads a label's value.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        let wrong =
            || format!("label {PROBE_LABEL}: {text:?} is neither \"http://:PORT/PATH\" nor \"tcp://:PORT\"");
        let port = |digits: &str| digits.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong);
        if let Some(digits) = text.strip_prefix("tcp://:") {
            return Ok(Endpoint { port: port(digits)?, path: None });
        }
        let rest = text.strip_prefix("http://:").ok_or_else(wrong)?;
        let (digits, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(wrong());
        }
        Ok(Endpoint { port: port(digits)?, path: Some(format!("/{path}")) })
    }

    /// The endpoint that a container's labels name.
    pub fn of(labels: &Labels) -> Option<Endpoint> {
        labels.get(PROBE_LABEL).and_then(|text| Endpoint::parse(text).ok())
    }
}

/// Whether a container that becomes unhealthy is to be restarted.
pub fn restarts_when_unhealthy(labels: &Labels) -> bool {
    labels.get(UNHEALTHY_LABEL).is_some_and(|value| value == "restart")
}

/// Refuses labels that ask for something that there is not.
///
/// # Errors
/// The label, its value and what it can be.
pub fn validate(labels: &Labels) -> Result<(), String> {
    labels.get(PROBE_LABEL).map_or(Ok(()), |text| Endpoint::parse(text).map(|_| ()))?;
    match labels.get(UNHEALTHY_LABEL).map(String::as_str) {
        None | Some("restart") => Ok(()),
        Some(other) => Err(format!("label {UNHEALTHY_LABEL}: {other:?} is not \"restart\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let http = |port, path: &str| Ok(Endpoint { port, path: Some(path.to_owned()) });
        assert_eq!(Endpoint::parse("http://:8000/health?deep=1"), http(8000, "/health?deep=1"));
        assert_eq!(Endpoint::parse("http://:80"), http(80, "/"));
        assert_eq!(Endpoint::parse("tcp://:5432"), Ok(Endpoint { port: 5432, path: None }));
        for wrong in [
            "",
            "tcp://:0",
            "tcp://:70000",
            "tcp://db:1",
            "https://:1/",
            "http://:80/a b",
            "http://:x/",
            "8000",
        ] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_there_is_can_be_asked_for() {
        let label = |name: &str, value: &str| Labels::from([(name.to_owned(), value.to_owned())]);
        assert!(validate(&label(UNHEALTHY_LABEL, "restart")).is_ok());
        assert!(validate(&label(UNHEALTHY_LABEL, "explode")).is_err());
        assert!(validate(&label(PROBE_LABEL, "udp://:1")).is_err());
        assert!(validate(&label("other", "x")).is_ok());
    }
}
