//! Which type a plain scalar has: go-yaml's table.
//!
//! `yes`, `on` and `y` are text; `0644` is octal; `08` is the float 8; `1_000` is 1000; `22:22` is text; a date is a
//! timestamp, kept as RFC 3339 text.

use base64::Engine as _;

use super::timestamp;
use crate::project::node::Value;

const CORE: &str = "tag:yaml.org,2002:";

/// The value of a scalar with its tag.
///
/// # Errors
/// When the text cannot be what the tag says.
pub fn resolve(tag: Option<&str>, text: String, plain: bool) -> Result<Value, String> {
    match tag.and_then(|tag| tag.strip_prefix(CORE)) {
        Some("str") => Ok(Value::String(text)),
        Some("binary") => binary(&text),
        Some(name) => tagged(name, text),
        // A tag of somebody's own says nothing here, except that nothing after it is a text.
        None if text.is_empty() && tag.is_some() => Ok(Value::String(text)),
        None => Ok(if plain { typed(&text) } else { None }.unwrap_or(Value::String(text))),
    }
}

fn binary(text: &str) -> Result<Value, String> {
    let compact: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

fn tagged(name: &str, text: String) -> Result<Value, String> {
    let value = typed(&text).unwrap_or(Value::Null);
    let fits = match (name, &value) {
        ("int", Value::Int(_)) | ("float", Value::Float(_)) | ("bool", Value::Bool(_)) => true,
        ("timestamp", Value::String(_)) => true,
        ("null", Value::Null) => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
        #[expect(clippy::cast_precision_loss, reason = "go-yaml converts the same way")]
        ("float", Value::Int(number)) => return Ok(Value::Float(*number as f64)),
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("cannot decode `{text}` as a !!{name}")) }
}

/// The typed value of plain text; `None` for ordinary text.
fn typed(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => return number(text),
    })
}

/// Whether text without quotes would be read back as the same text by every YAML reader: the words and base-60 numbers
/// of YAML 1.1 count as other types.
pub fn is_plain_string(text: &str) -> bool {
    typed(text).is_none() && !is_old_boolean(text) && !is_base_60(text)
}

fn is_old_boolean(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let sexagesimal = |part: &str| matches!(part.as_bytes(), [a] | [b'0'..=b'5', a] if a.is_ascii_digit());
    let Some((first, rest)) = text.split_once(':') else { return false };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && rest.split(':').all(sexagesimal)
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    if let Some(time) = timestamp::rfc3339(text) {
        return Some(Value::String(time));
    }
    let plain = text.replace('_', "");
    integer(&plain).map(Value::Int).or_else(|| float(&plain).map(Value::Float))
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, base).ok()?);
    let value = if negative { -magnitude } else { magnitude };
    (value >= i128::from(i64::MIN)).then_some(value)
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(index) => (&unsigned[..index], Some(&unsigned[index + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let shaped = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_shaped = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    if shaped && exponent_shaped { text.parse().ok() } else { None }
}
