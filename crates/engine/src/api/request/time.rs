//! Docker's times in queries: seconds since 1970 with an optional fraction of up to nine digits.

use jiff::Timestamp;

/// Parses `1700000000` and `1700000000.000000001`.
pub fn unix_time(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = seconds.parse().ok()?;
    let nanoseconds = nanoseconds(fraction)?;
    Timestamp::new(seconds, nanoseconds).ok()
}

fn nanoseconds(fraction: &str) -> Option<i32> {
    if fraction.is_empty() {
        return Some(0);
    }
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<9}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_decimal() {
        let time = unix_time("1700000000.5").unwrap();
        assert_eq!((time.as_second(), time.subsec_nanosecond()), (1_700_000_000, 500_000_000));
        assert_eq!(unix_time("12").unwrap().as_second(), 12);
        assert_eq!(unix_time("12.000000001").unwrap().subsec_nanosecond(), 1);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "x", "1.x", "1.0000000001", "2026-11-21"] {
            assert!(unix_time(text).is_none(), "{text}");
        }
    }
}
