//! Bytes and their SHA-256 sums as hexadecimal digits.

use sha2::{Digest as _, Sha256};

/// Lower-case digits, two for each byte.
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sum of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    digits(&Sha256::digest(bytes))
}
