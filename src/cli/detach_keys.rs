//! The keys by which a user leaves a container's terminal without ending anything (`ctrl-p,ctrl-q`).

use super::Failure;

/// What Docker's tools use unless told otherwise.
const DEFAULT: &str = "ctrl-p,ctrl-q";

/// Looks for a sequence of keys in what is typed.
#[derive(Debug)]
pub(super) struct DetachKeys {
    keys: Vec<u8>,
    /// How many of them were typed last; they are held back until it is clear what they are.
    matched: usize,
}

impl DetachKeys {
    /// Looks for nothing.
    pub fn none() -> DetachKeys {
        DetachKeys { keys: Vec::new(), matched: 0 }
    }

    /// Reads `ctrl-p,ctrl-q`, `a,b` and the like; an empty text is the default.
    ///
    /// # Errors
    /// A key of no known name.
    pub fn parse(text: &str) -> Result<DetachKeys, Failure> {
        let text = if text.is_empty() { DEFAULT } else { text };
        let keys = text.split(',').map(|name| key(name).ok_or_else(|| unknown(text, name)));
        Ok(DetachKeys { keys: keys.collect::<Result<_, _>>()?, matched: 0 })
    }

    /// What of `typed` goes to the container, and whether the keys were typed.
    pub fn filter(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        if self.keys.is_empty() {
            return (typed.to_vec(), false);
        }
        let mut passed = Vec::with_capacity(typed.len());
        for &byte in typed {
            if byte != self.keys[self.matched] {
                passed.extend_from_slice(&self.keys[..self.matched]);
                self.matched = 0;
            }
            if byte != self.keys[self.matched] {
                passed.push(byte);
                continue;
            }
            self.matched += 1;
            if self.matched == self.keys.len() {
                return (passed, true);
            }
        }
        (passed, false)
    }
}

/// The byte that a key sends.
fn key(name: &str) -> Option<u8> {
    let byte = |text: &str| match text.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    };
    let Some(control) = name.strip_prefix("ctrl-") else { return byte(name) };
    match byte(control)? {
        letter @ b'a'..=b'z' => Some(letter - b'a' + 1),
        b'@' => Some(0),
        other @ b'['..=b'_' => Some(other - b'[' + 27),
        _ => None,
    }
}

fn unknown(text: &str, name: &str) -> Failure {
    Failure::message(format!(
        "--detach-keys {text:?}: {name:?} is no key; use single characters and ctrl-a to ctrl-z, with commas between"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_across_reads_and_held_back_only_so_long() {
        let mut keys = DetachKeys::parse("").unwrap();
        assert_eq!(keys.filter(b"ab\x10"), (b"ab".to_vec(), false));
        assert_eq!(keys.filter(b"c"), (b"\x10c".to_vec(), false));
        assert_eq!(keys.filter(b"\x10\x10"), (b"\x10".to_vec(), false));
        assert_eq!(keys.filter(b"\x11rest"), (Vec::new(), true));
    }

    #[test]
    fn names_of_keys() {
        assert_eq!(DetachKeys::parse("a,ctrl-@,ctrl-[,ctrl-_").unwrap().keys, [b'a', 0, 27, 31]);
        assert!(DetachKeys::parse("ctrl-1").is_err());
        assert!(DetachKeys::parse("escape").is_err());
        assert_eq!(DetachKeys::none().filter(b"\x10\x11"), (b"\x10\x11".to_vec(), false));
    }
}
