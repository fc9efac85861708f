//! Detach keys: the key sequence with which a user leaves a terminal without ending its process (contract 1.12.6).

use crate::api::error::{ApiError, ApiResult};

/// ctrl-p, ctrl-q.
const DEFAULT: &[u8] = &[0x10, 0x11];

/// A key sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachKeys(Vec<u8>);

impl Default for DetachKeys {
    fn default() -> Self {
        DetachKeys(DEFAULT.to_vec())
    }
}

impl DetachKeys {
    /// Parses `ctrl-p,ctrl-q`: keys separated by commas, each one character or `ctrl-` and one of `a`-`z`, `@`, `[`, `\`, `]`,
    /// `^`, `_`. An empty text is the default.
    ///
    /// # Errors
    /// Another form.
    pub fn parse(text: &str) -> ApiResult<Self> {
        if text.is_empty() {
            return Ok(DetachKeys::default());
        }
        text.split(',')
            .map(|key| byte_of(key).ok_or_else(|| invalid(text)))
            .collect::<Result<_, _>>()
            .map(DetachKeys)
    }

    /// A filter for one connection.
    pub fn scanner(self) -> Scanner {
        Scanner { keys: self.0, matched: 0 }
    }
}

/// Looks for the sequence in what a user types, and holds back what may be its beginning.
pub struct Scanner {
    keys: Vec<u8>,
    matched: usize,
}

/// What to do with a piece of input.
#[derive(Debug, PartialEq, Eq)]
pub enum Scanned {
    /// Pass these bytes on; keys that may begin the sequence are not among them yet.
    Input(Vec<u8>),
    /// Pass these bytes on, then leave.
    Detach(Vec<u8>),
}

impl Scanner {
    /// Scans the next piece of input.
    pub fn scan(&mut self, input: &[u8]) -> Scanned {
        let mut passed = Vec::with_capacity(input.len());
        for &byte in input {
            self.step(byte, &mut passed);
            if self.matched == self.keys.len() {
                return Scanned::Detach(passed);
            }
        }
        Scanned::Input(passed)
    }

    fn step(&mut self, byte: u8, passed: &mut Vec<u8>) {
        if byte != self.keys[self.matched] {
            passed.extend_from_slice(&self.keys[..self.matched]);
            self.matched = 0;
        }
        if byte == self.keys[self.matched] {
            self.matched += 1;
        } else {
            passed.push(byte);
        }
    }
}

fn byte_of(key: &str) -> Option<u8> {
    let code = |key: &str| match key.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    };
    match key.strip_prefix("ctrl-") {
        Some(letter) => control(code(letter)?),
        None => code(key),
    }
}

fn control(letter: u8) -> Option<u8> {
    match letter {
        b'a'..=b'z' => Some(letter - b'a' + 1),
        b'@' => Some(0),
        b'['..=b'_' => Some(letter - b'[' + 27),
        _ => None,
    }
}

fn invalid(text: &str) -> ApiError {
    ApiError::bad_request(format!("invalid escape keys ({text}) provided"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: &[u8]) -> Scanned {
        Scanned::Input(bytes.to_vec())
    }

    #[test]
    fn the_default_is_ctrl_p_ctrl_q() {
        assert_eq!(DetachKeys::parse("").unwrap(), DetachKeys::parse("ctrl-p,ctrl-q").unwrap());
        assert_eq!(DetachKeys::parse("ctrl-@,a,ctrl-_").unwrap(), DetachKeys(vec![0, b'a', 31]));
        assert!(DetachKeys::parse("ctrl-%").is_err());
        assert!(DetachKeys::parse("ab").is_err());
    }

    #[test]
    fn a_sequence_over_two_pieces_detaches() {
        let mut scanner = DetachKeys::default().scanner();
        assert_eq!(scanner.scan(b"ls\n\x10"), input(b"ls\n"));
        assert_eq!(scanner.scan(b"\x11rest"), Scanned::Detach(vec![]));
    }

    #[test]
    fn a_broken_sequence_is_passed_on() {
        let mut scanner = DetachKeys::default().scanner();
        assert_eq!(scanner.scan(b"\x10"), input(b""));
        assert_eq!(scanner.scan(b"x"), input(b"\x10x"));
        assert_eq!(scanner.scan(b"\x10\x10"), input(b"\x10"));
        assert_eq!(scanner.scan(b"\x11"), Scanned::Detach(vec![]));
    }
}
