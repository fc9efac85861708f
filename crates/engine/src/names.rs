//! Names, ids, and times as the API writes them (contract 1.15.6, 1.15.7).

use std::fs::File;
use std::io::{self, Read};

use jiff::Timestamp;

use crate::error::{Error, Result};

/// Go's zero time, which the API shows for what has not happened.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Refuses what is no name of a container, volume or network.
///
/// # Errors
/// Docker's text; `kind` is how it calls the object.
pub fn validate(kind: &str, name: &str) -> Result<()> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter.is_ascii_alphanumeric());
    let rest = letters.as_str();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
    if first && !rest.is_empty() && rest.chars().all(allowed) && name.len() <= 255 {
        return Ok(());
    }
    Err(Error::BadParameter(format!(
        "Invalid {kind} name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )))
}

/// A new id: 64 hexadecimal digits whose first twelve are no number.
///
/// # Errors
/// The kernel's random source cannot be read.
pub fn new_id() -> Result<String> {
    loop {
        let id = random_hex(32).map_err(Error::io("read", "/dev/urandom"))?;
        if id[..12].contains(|digit: char| !digit.is_ascii_digit()) {
            return Ok(id);
        }
    }
}

/// Random hexadecimal digits, two for each byte.
fn random_hex(bytes: usize) -> io::Result<String> {
    let mut buffer = vec![0; bytes];
    File::open("/dev/urandom")?.read_exact(&mut buffer)?;
    Ok(hex(&buffer))
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first twelve digits of an id.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// A name for a container that was given none: two words, and a number when they are taken.
pub fn made_up(id: &str, taken: impl Fn(&str) -> bool) -> String {
    const MOODS: [&str; 16] = [
        "amber", "brisk", "calm", "daring", "eager", "fair", "gentle", "hearty", "keen", "lively", "mellow",
        "nimble", "patient", "quiet", "steady", "warm",
    ];
    const SHIPS: [&str; 16] = [
        "barge", "brig", "clipper", "cutter", "dinghy", "ferry", "frigate", "galley", "ketch", "lugger",
        "packet", "schooner", "skiff", "sloop", "trawler", "yawl",
    ];
    let digit = |at: usize| usize::from_str_radix(id.get(at..=at).unwrap_or("0"), 16).unwrap_or(0);
    let words = format!("{}_{}", MOODS[digit(0)], SHIPS[digit(1)]);
    if !taken(&words) {
        return words;
    }
    format!("{words}_{}", id.get(2..10).unwrap_or(id))
}

/// A time for the API; `None` has not happened.
pub fn api_time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| NEVER.to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dockers() {
        for good in ["ab", "a.b-c_d", "0x"] {
            assert!(validate("container", good).is_ok(), "{good}");
        }
        for bad in ["", "a", "-ab", "a/b", "..", "a b", "ab\n"] {
            assert!(validate("container", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_are_hexadecimal_and_no_numbers() {
        let id = new_id().unwrap();
        assert_eq!(id.len(), 64);
        assert!(id.chars().all(|digit| digit.is_ascii_hexdigit()));
        assert!(short(&id).parse::<u64>().is_err());
    }

    #[test]
    fn made_up_names_are_names_and_free() {
        let id = new_id().unwrap();
        let first = made_up(&id, |_| false);
        let second = made_up(&id, |name| name == first);
        assert_ne!(first, second);
        assert!(validate("container", &second).is_ok());
    }
}
