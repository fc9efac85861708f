//! YAML timestamps: go-yaml turns `2024-01-01` into a time even where Compose wants text, so it shows as RFC 3339.

/// The RFC 3339 form of a date or a date with time; `None` when the text is neither.
pub fn rfc3339(text: &str) -> Option<String> {
    let (date, rest) = date(text)?;
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let separator = rest.chars().next()?;
    let (time, zone) = time(rest.strip_prefix(['T', 't', ' '])?)?;
    match (separator, zone) {
        (' ', "") | (_, "Z") if separator != ' ' || zone.is_empty() => Some(format!("{date}T{time}Z")),
        ('T' | 't', zone) if is_offset(zone) => Some(format!("{date}T{time}{zone}")),
        _ => None,
    }
}

/// `YYYY-M-D`, and what follows.
fn date(text: &str) -> Option<(String, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
        .ok()?;
    Some((format!("{year:04}-{month:02}-{day:02}"), rest))
}

/// `H:M:S[.fraction]`, and what follows.
fn time(text: &str) -> Option<(String, &str)> {
    let (hour, rest) = digits(text, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let whole = format!("{hour:02}:{minute:02}:{second:02}");
    let Some(after) = rest.strip_prefix('.') else { return Some((whole, rest)) };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let fraction = after[..end.min(9)].trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    (end > 0).then(|| (format!("{whole}{fraction}"), &after[end..]))
}

fn is_offset(zone: &str) -> bool {
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return false };
    matches!(offset.as_bytes(), [a, b, b':', c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
}

/// A number of `least` to `most` digits, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let end = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if end < least {
        return None;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}
