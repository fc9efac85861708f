//! Times on the command line: a date, seconds since 1970, or how long ago.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::cli::Failure;

/// Nanoseconds since 1970.
///
/// # Errors
/// The text is no time.
pub(in crate::cli) fn parse(text: &str, now: Timestamp) -> Result<i128, Failure> {
    let time = absolute(text).or_else(|| ago(text, now));
    time.ok_or_else(|| Failure::message(format!("{text:?} is no time: use 2026-01-02T13:23:37Z or 42m")))
}

/// Seconds since 1970 with nine decimals, as engines take them.
///
/// # Errors
/// The text is no time.
pub(in crate::cli) fn seconds(text: &str, now: Timestamp) -> Result<String, Failure> {
    const SECOND: i128 = 1_000_000_000;
    let time = parse(text, now)?;
    Ok(format!("{}.{:09}", time.div_euclid(SECOND), time.rem_euclid(SECOND)))
}

fn absolute(text: &str) -> Option<i128> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_nanosecond());
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Some((seconds * 1e9) as i128);
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(TimeZone::system()).ok()?.timestamp().as_nanosecond())
}

/// `1h30m`, in the units of Go's durations.
fn ago(text: &str, now: Timestamp) -> Option<i128> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        total += number.parse::<f64>().ok()? * unit_seconds(&tail[..unit])?;
        rest = &tail[unit..];
    }
    Some(now.as_nanosecond() - (total * 1e9) as i128)
}

fn unit_seconds(unit: &str) -> Option<f64> {
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
    fn all_forms() {
        let now: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
        let at = |text: &str| parse(text, now).unwrap();
        let expected: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(at("2026-01-01T00:00:00Z"), expected.as_nanosecond());
        assert_eq!(at("1h"), expected.as_nanosecond());
        assert_eq!(at("59m60s"), expected.as_nanosecond());
        assert_eq!(at(&expected.as_second().to_string()), expected.as_nanosecond());
        assert!(parse("yesterday", now).is_err());
    }
}
