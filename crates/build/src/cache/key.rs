//! Cache keys: digests over named fields. The order of fields is part of the key, and so is the version.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Changes when keys mean something else; records under old keys are then never found.
const VERSION: &str = "wharf-build-1";

/// Collects fields.
pub(crate) struct KeyBuilder(Sha256);

impl KeyBuilder {
    /// A key of some kind, e.g. `run`.
    pub fn new(kind: &str) -> Self {
        let mut builder = Self(Sha256::new());
        builder.bytes(VERSION.as_bytes());
        builder.bytes(kind.as_bytes());
        builder
    }

    /// Adds a field.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.bytes(name.as_bytes());
        self.bytes(value.as_bytes());
        self
    }

    /// Adds a list; lists of different lengths differ.
    pub fn list<T: AsRef<str>>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.bytes(name.as_bytes());
        let values: Vec<T> = values.into_iter().collect();
        self.0.update((values.len() as u64).to_le_bytes());
        for value in values {
            self.bytes(value.as_ref().as_bytes());
        }
        self
    }

    /// The key, in hexadecimal.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }

    /// Lengths in front keep neighbouring values apart.
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        let key =
            |first: &str, second: &str| KeyBuilder::new("t").field("a", first).field("b", second).finish();
        assert_ne!(key("xy", ""), key("x", "y"));
        assert_ne!(
            KeyBuilder::new("t").list("l", ["ab"]).finish(),
            KeyBuilder::new("t").list("l", ["a", "b"]).finish()
        );
        assert_eq!(key("x", "y"), key("x", "y"));
    }
}
