//! Durations: Go's notation (`1h5m30s20ms`) plus days and weeks, and how Go prints one (compose-surface 1.13).

const UNITS: [(&str, i64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Reads a duration as nanoseconds.
///
/// # Errors
/// Says what is missing: a unit, a number, or that it is too long.
pub fn parse(text: &str) -> Result<i64, String> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(format!("invalid duration {text:?}"));
    }
    let mut total: f64 = 0.0;
    while !rest.is_empty() {
        let (nanoseconds, after) = component(text, rest)?;
        total += nanoseconds;
        rest = after;
    }
    to_integer(if negative { -total } else { total }).ok_or_else(|| format!("duration {text:?} is too long"))
}

fn component<'a>(text: &str, rest: &'a str) -> Result<(f64, &'a str), String> {
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, rest) = rest.split_at(digits);
    let number: f64 = number.parse().map_err(|_| format!("invalid duration {text:?}"))?;
    let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    if unit.is_empty() {
        return Err(format!("missing unit in duration {text:?}"));
    }
    let (_, factor) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| format!("unknown unit {unit:?} in duration {text:?}"))?;
    #[expect(clippy::cast_precision_loss, reason = "unit factors are exact in a double")]
    Ok((number * *factor as f64, rest))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn to_integer(nanoseconds: f64) -> Option<i64> {
    (nanoseconds.abs() < 9.2e18).then_some(nanoseconds.round() as i64)
}

/// Prints nanoseconds as Go does: `1h0m0s`, `1m30s`, `1.5s`, `20ms`.
pub fn format(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let magnitude = match total {
        0 => "0s".to_owned(),
        1..1_000 => format!("{total}ns"),
        1_000..1_000_000 => with_fraction(total, 1_000, "µs"),
        1_000_000..1_000_000_000 => with_fraction(total, 1_000_000, "ms"),
        _ => hours_minutes_seconds(total),
    };
    format!("{sign}{magnitude}")
}

fn hours_minutes_seconds(total: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let seconds = with_fraction(total % (60 * SECOND), SECOND, "s");
    let (hours, minutes) = (total / (3600 * SECOND), total / (60 * SECOND) % 60);
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

fn with_fraction(total: u64, unit: u64, suffix: &str) -> String {
    let (whole, fraction) = (total / unit, total % unit);
    if fraction == 0 {
        return format!("{whole}{suffix}");
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}{suffix}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn reads_and_prints_as_go_does() {
        let cases = [
            ("0", "0s"),
            ("30s", "30s"),
            ("90s", "1m30s"),
            ("1h", "1h0m0s"),
            ("1.5s", "1.5s"),
            ("20ms", "20ms"),
            ("1d", "24h0m0s"),
            ("1w", "168h0m0s"),
            ("1h5m30s20ms", "1h5m30.02s"),
            ("100us", "100µs"),
            ("7ns", "7ns"),
            ("-1m", "-1m0s"),
            ("2m0.001s", "2m0.001s"),
        ];
        for (text, printed) in cases {
            assert_eq!(parse(text).map(format).as_deref(), Ok(printed), "{text}");
        }
    }

    #[test]
    fn a_unit_is_required() {
        for text in ["", "30", "s", "1x", "1h30", "-", "99999999999999w", "1..2s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
