//! Random names.

use std::fs::File;
use std::io::{self, Read};

/// `bytes` random bytes in hexadecimal.
///
/// # Errors
/// `/dev/urandom` cannot be read.
pub fn hex(bytes: usize) -> io::Result<String> {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(crate::hex::digits(&random))
}
