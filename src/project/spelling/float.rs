//! How Go prints a floating point number: shortest digits, with an exponent where it is small or large.

/// Prints as `%v` does: an exponent below 1e-4 and from 1e6 upward.
pub fn format(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    with_exponent(value, 1e-4, 1e6)
}

/// Prints with an exponent outside `small..large`.
pub fn with_exponent(value: f64, small: f64, large: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (magnitude >= small && magnitude < large) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn digits_are_shortest() {
        let cases =
            [(1.1, "1.1"), (2.0, "2"), (1e20, "1e+20"), (1e21, "1e+21"), (1e-5, "1e-05"), (0.5, "0.5")];
        for (value, text) in cases {
            assert_eq!(format(value), text);
        }
    }
}
