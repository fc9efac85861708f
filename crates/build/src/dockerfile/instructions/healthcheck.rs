//! `HEALTHCHECK NONE` and `HEALTHCHECK [flags] CMD …`.

use std::time::Duration;

use super::super::error::Problem;
use super::super::flags::{FlagKind, Flags, Known};
use super::super::model::{CommandLine, Healthcheck, HealthcheckTest};
use super::{Line, command_line};

const FLAGS: Known = &[
    ("interval", FlagKind::Value),
    ("timeout", FlagKind::Value),
    ("start-period", FlagKind::Value),
    ("start-interval", FlagKind::Value),
    ("retries", FlagKind::Value),
];

pub(super) fn parse(line: &Line) -> Result<Healthcheck, Problem> {
    let (flags, rest) = line.flags(FLAGS)?;
    let (kind, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let test = match kind.to_uppercase().as_str() {
        "NONE" if argument.trim().is_empty() => HealthcheckTest::Disabled,
        "NONE" => return Err(Problem::new("HEALTHCHECK NONE takes no arguments")),
        "CMD" => HealthcheckTest::Command(probe(argument.trim())?),
        _ => {
            return Err(Problem::new(format!("HEALTHCHECK takes NONE or CMD, not {kind:?}"))
                .help("write HEALTHCHECK CMD command"));
        }
    };
    Ok(Healthcheck {
        test,
        interval: duration(&flags, "interval")?,
        timeout: duration(&flags, "timeout")?,
        start_period: duration(&flags, "start-period")?,
        start_interval: duration(&flags, "start-interval")?,
        retries: retries(&flags)?,
    })
}

fn probe(text: &str) -> Result<CommandLine, Problem> {
    match command_line(text)? {
        CommandLine::Shell(text) if text.is_empty() => Err(Problem::new("HEALTHCHECK CMD needs a command")),
        CommandLine::Exec(words) if words.is_empty() => Err(Problem::new("HEALTHCHECK CMD needs a command")),
        command => Ok(command),
    }
}

/// Docker refuses durations between zero and a millisecond; zero means "the default".
fn duration(flags: &Flags, name: &str) -> Result<Option<Duration>, Problem> {
    let Some(text) = flags.value(name) else { return Ok(None) };
    let bad = |why: &str| Problem::new(format!("--{name}={text}: {why}"));
    match parse_duration(&text) {
        None => Err(bad("not a duration").help("write numbers with units, e.g. 30s, 1m30s, 500ms")),
        Some(value) if !value.is_zero() && value < Duration::from_millis(1) => Err(bad("shorter than 1ms")),
        Some(value) => Ok(Some(value)),
    }
}

fn retries(flags: &Flags) -> Result<Option<u32>, Problem> {
    let Some(text) = flags.value("retries") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Problem::new(format!("--retries={text}: not a number of 0 or more")))
}

/// Go's duration syntax without a sign: `1h2m3.5s`, `100ms`, `0`.
fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..]
            .find(|character: char| character.is_ascii_digit())
            .map_or(rest.len(), |at| digits + at);
        total = total
            .checked_add(Duration::try_from_secs_f64(amount * seconds(&rest[digits..unit_end])?).ok()?)?;
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then_some(total)
}

fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_go_durations() {
        let millis = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(millis("30s"), Some(30_000));
        assert_eq!(millis("1m30s"), Some(90_000));
        assert_eq!(millis("1.5s"), Some(1_500));
        assert_eq!(millis("500ms"), Some(500));
        assert_eq!(millis("0"), Some(0));
        for text in ["", "30", "s", "1x", "-1s", "1..2s"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
