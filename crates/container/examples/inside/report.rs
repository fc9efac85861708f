//! The flat JSON object: a name for everything seen, and what it looked like.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

#[derive(Default)]
pub struct Report(BTreeMap<String, String>);

impl Report {
    /// Notes `value` under `name`. What is seen twice under one name is counted, because a second mount at one place
    /// is a difference too.
    pub fn note(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        let mut unique = name.clone();
        for number in 2.. {
            if !self.0.contains_key(&unique) {
                break;
            }
            unique = format!("{name} ({number})");
        }
        self.0.insert(unique, value.into());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "{\n";
        for (name, value) in &self.0 {
            write!(f, "{separator}{}: {}", Quoted(name), Quoted(value))?;
            separator = ",\n";
        }
        f.write_str("\n}")
    }
}

/// A JSON string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
                plain => write!(f, "{plain}")?,
            }
        }
        f.write_str("\"")
    }
}

/// The text of a file without the last line's end, or why it cannot be read.
pub fn text_of(path: &str) -> String {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim_end().to_owned(),
        Err(error) => error_name(&error),
    }
}

/// `ok`, or the error's name.
pub fn outcome<T>(result: io::Result<T>) -> String {
    result.map_or_else(|error| error_name(&error), |_| "ok".to_owned())
}

/// The symbol of the errors that matter here, the number of any other.
pub fn error_name(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(1) => "EPERM".into(),
        Some(2) => "ENOENT".into(),
        Some(6) => "ENXIO".into(),
        Some(13) => "EACCES".into(),
        Some(16) => "EBUSY".into(),
        Some(17) => "EEXIST".into(),
        Some(19) => "ENODEV".into(),
        Some(20) => "ENOTDIR".into(),
        Some(21) => "EISDIR".into(),
        Some(22) => "EINVAL".into(),
        Some(26) => "ETXTBSY".into(),
        Some(30) => "EROFS".into(),
        Some(38) => "ENOSYS".into(),
        Some(number) => format!("errno {number}"),
        None => error.to_string(),
    }
}
