//! Random identifiers of networks and endpoints, and random interface names.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;

use crate::error::{NetworkError, Result};

/// 64 random hexadecimal digits.
pub(crate) fn random() -> Result<String> {
    hexadecimal::<32>()
}

/// `prefix` and 10 random hexadecimal digits. With a prefix of up to 5 bytes it fits an interface's name.
pub(crate) fn interface_name(prefix: &str) -> Result<String> {
    Ok(format!("{prefix}{}", hexadecimal::<5>()?))
}

fn hexadecimal<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(NetworkError::kernel("read /dev/urandom"))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn identifiers_are_long_and_differ() {
        let (one, other) = (super::random().unwrap(), super::random().unwrap());
        assert_eq!(one.len(), 64);
        assert_ne!(one, other);
        assert!(super::interface_name("wharf").unwrap().len() <= 15);
    }
}
