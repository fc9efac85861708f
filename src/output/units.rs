//! Sizes and elapsed times as Docker's tools word them.

use std::time::Duration;

/// Bytes with three digits and a decimal unit ("7.8MB").
pub fn human_size(bytes: i64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value >= 100.0 { 0 } else { usize::from(value >= 10.0) ^ 1 };
    let text = match (value >= 100.0, value >= 10.0) {
        (true, _) => format!("{value:.0}"),
        (_, true) => format!("{value:.1}"),
        _ => format!("{value:.*}", digits + 1),
    };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

/// Bytes with four digits and a binary unit ("1.973MiB").
pub fn binary_size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let whole_digits = if value >= 1000.0 {
        4
    } else if value >= 100.0 {
        3
    } else if value >= 10.0 {
        2
    } else {
        1
    };
    let text = format!("{value:.*}", 4 - whole_digits);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

/// Seconds with one digit, for progress ("1.2s").
pub fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(human_size(999), "999B");
        assert_eq!(human_size(7_800_000), "7.8MB");
        assert_eq!(human_size(1_234_000_000), "1.23GB");
        assert_eq!(binary_size(0), "0B");
        assert_eq!(binary_size(495_616), "484KiB");
        assert_eq!(binary_size(2_068_841), "1.973MiB");
        assert_eq!(binary_size(25_275_883_520), "23.54GiB");
    }
}
