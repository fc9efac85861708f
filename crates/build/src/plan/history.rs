//! The text that an instruction leaves in the image's history (contract 8.8.1).

use indexmap::IndexMap;
use wharf_image::Healthcheck;

use crate::dockerfile::{Source, Transfer};

/// `["a" "b"]`.
pub(super) fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(" "))
}

/// `A=1 B=2`.
pub(super) fn pairs(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}

/// `RUN |1 A=x /bin/sh -c make # buildkit`.
pub(super) fn run(arguments: &IndexMap<String, String>, argv: &[String]) -> String {
    let command = argv.join(" ");
    let values: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match values.len() {
        0 => format!("RUN {command} # buildkit"),
        count => format!("RUN |{count} {} {command} # buildkit", values.join(" ")),
    }
}

/// `COPY --chown=app src /app # buildkit`; other flags are not shown, as in Docker.
pub(super) fn transfer(name: &str, transfer: &Transfer, sources: &[String], destination: &str) -> String {
    let flag = |flag: &str, value: &Option<String>| value.as_ref().map(|value| format!("--{flag}={value}"));
    let words = [flag("chown", &transfer.chown), flag("chmod", &transfer.chmod)];
    let words: Vec<String> = words.into_iter().flatten().chain(sources.iter().cloned()).collect();
    format!("{name} {} {destination} # buildkit", words.join(" "))
}

/// How a source is shown.
pub(super) fn source(source: &Source) -> String {
    match source {
        Source::Path(path) => path.clone(),
        Source::Heredoc(heredoc) => format!("<<{}", heredoc.name),
    }
}

/// The way in which Go prints the check, as tools know it: `&{["CMD-SHELL" "wget x"] "30s" "0s" "0s" "0s"
/// '\x03'}`.
pub(super) fn healthcheck(check: &Healthcheck) -> String {
    let durations = [check.interval, check.timeout, check.start_period, check.start_interval]
        .map(|duration| format!("{:?}", go_duration(duration)));
    let retries = u32::try_from(check.retries).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let retries = match retries {
        control if control.is_ascii_control() => format!("\\x{:02x}", u32::from(control)),
        other => other.to_string(),
    };
    format!("HEALTHCHECK &{{{} {} '{retries}'}}", quoted(&check.test), durations.join(" "))
}

/// `1m30s`, `1.5s`, `100ms`, `0s`.
fn go_duration(nanoseconds: i64) -> String {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    if seconds == 0 && rest != 0 {
        return format!("{}ms", decimal(nanoseconds, 1_000_000));
    }
    let last = format!("{}s", decimal(seconds % 60 * 1_000_000_000 + rest, 1_000_000_000));
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => last,
        (0, minutes) => format!("{minutes}m{last}"),
        (hours, minutes) => format!("{hours}h{minutes}m{last}"),
    }
}

/// A number in a larger unit, without zeros at its end.
fn decimal(value: i64, unit: i64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_checks_look_like_dockers() {
        let test = vec!["CMD-SHELL".to_owned(), "wget x".to_owned()];
        let check = Healthcheck { test, interval: 30_000_000_000, retries: 3, ..Healthcheck::default() };
        assert_eq!(
            healthcheck(&check),
            r#"HEALTHCHECK &{["CMD-SHELL" "wget x"] "30s" "0s" "0s" "0s" '\x03'}"#
        );
        let table = [
            (90_000_000_000, "1m30s"),
            (1_500_000_000, "1.5s"),
            (100_000_000, "100ms"),
            (3_600_000_000_000, "1h0m0s"),
            (0, "0s"),
        ];
        for (nanoseconds, text) in table {
            assert_eq!(go_duration(nanoseconds), text);
        }
    }
}
