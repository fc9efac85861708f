//! Byte counts such as `512m` (compose-surface 1.13): units of 1024, any case, with or without `b` or `ib`.

/// Reads a byte count. `-1` and other negative integers pass: some attributes give them a meaning.
///
/// # Errors
/// Says which text is no byte count.
pub fn parse(text: &str) -> Result<i64, String> {
    if let Ok(count) = text.parse::<i64>() {
        return Ok(count);
    }
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').map_or(0, |index| index + 1);
    let (number, unit) = text.split_at(end);
    let number: f64 = number.strip_suffix(' ').unwrap_or(number).parse().map_err(|_| invalid(text))?;
    let factor = multiplier(unit).ok_or_else(|| format!("invalid suffix: '{unit}' in size '{text}'"))?;
    if !number.is_finite() || number < 0.0 {
        return Err(invalid(text));
    }
    to_integer(number * factor).ok_or_else(|| invalid(text))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked; fractions of a byte are cut as Docker does"
)]
fn to_integer(count: f64) -> Option<i64> {
    (count < 9.2e18).then_some(count as i64)
}

fn multiplier(unit: &str) -> Option<f64> {
    let unit = unit.to_ascii_lowercase();
    let power = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" if unit.len() < 2 => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    matches!(unit.get(1..).unwrap_or(""), "" | "b" | "ib").then(|| 1024f64.powi(power))
}

fn invalid(text: &str) -> String {
    format!("invalid size: '{text}'")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn units_of_1024_in_any_case() {
        let cases = [
            ("0", 0),
            ("64", 64),
            ("64b", 64),
            ("1k", 1024),
            ("1Kb", 1024),
            ("1KiB", 1024),
            ("1.5m", 1_572_864),
            ("2 g", 2 << 30),
            ("1T", 1 << 40),
            ("1pb", 1 << 50),
            ("-1", -1),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        for text in ["", "m", "1x", "1mm", "1bb", "1kbb", "-1m", "1e400", "12ii", "9999999p"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
