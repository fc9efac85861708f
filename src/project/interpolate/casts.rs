//! Which attributes stop being text after interpolation, and what they become.

use crate::project::node::Value;

/// A type that text is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// `true` or `false`, or one of YAML 1.1's other words (with a warning).
    Boolean,
    /// An integer.
    Integer,
    /// A floating point number.
    Float,
}

/// A text that does not fit its type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CastError {
    /// Not a boolean.
    #[error("invalid boolean: {0}")]
    Boolean(String),
    /// Not a number.
    #[error("invalid number: {0:?}")]
    Number(String),
}

/// The typed value, and the word to use instead when a YAML 1.1 boolean was written.
///
/// # Errors
/// When the text is no such value.
pub fn apply(cast: Cast, text: &str) -> Result<(Value, Option<&'static str>), CastError> {
    let number = || CastError::Number(text.to_owned());
    match cast {
        Cast::Boolean => boolean(text),
        Cast::Integer => Ok((Value::Int(text.parse::<i64>().map_err(|_| number())?.into()), None)),
        Cast::Float => Ok((Value::Float(text.parse().map_err(|_| number())?), None)),
    }
}

fn boolean(text: &str) -> Result<(Value, Option<&'static str>), CastError> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok((Value::Bool(true), None)),
        "false" => Ok((Value::Bool(false), None)),
        "y" | "yes" | "on" => Ok((Value::Bool(true), Some("true"))),
        "n" | "no" | "off" => Ok((Value::Bool(false), Some("false"))),
        _ => Err(CastError::Boolean(text.to_owned())),
    }
}
