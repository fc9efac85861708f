//! Digests of streams while they pass by, and unpacking that counts only when they are right (contract
//! 7.3.2).

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::compression::decoder;
use super::error::LayerError;
use super::extract::{Deletions, Extracted, extract_over};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::tar::TarReader;

/// Hashes what is read through it.
struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> HashingReader<R> {
    fn new(inner: R, algorithm: Algorithm) -> HashingReader<R> {
        HashingReader { inner, hasher: Hasher::new(algorithm) }
    }

    fn finish(self) -> Digest {
        self.hasher.finish()
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// Hashes what is written through it.
pub(crate) struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> HashingWriter<W> {
        HashingWriter { inner, hasher: Hasher::new(Algorithm::Sha256) }
    }

    /// The sink, the digest and the number of bytes.
    pub(crate) fn finish(self) -> (W, Digest, u64) {
        let bytes = self.hasher.bytes();
        (self.inner, self.hasher.finish(), bytes)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Unpacks a layer, compressed or not, into `directory` and returns its diff id. `below` are the directories
/// of the layers below, top first, as far as they are known.
///
/// # Errors
/// [`LayerError::Digest`] when the uncompressed content is not `expected`, and everything [`super::extract()`] fails with.
/// The directory is then to be thrown away.
pub(crate) fn unpack_verified(
    compressed: impl Read,
    expected: Option<&Digest>,
    directory: &Path,
    below: &[PathBuf],
) -> Result<(Digest, Extracted), LayerError> {
    let algorithm = expected.map_or(Algorithm::Sha256, Digest::algorithm);
    let mut archive = TarReader::new(HashingReader::new(decoder(compressed)?, algorithm));
    let extracted = extract_over(&mut archive, directory, Deletions::Overlay.into(), below)?;
    let actual = archive.drain()?.finish();
    match expected {
        Some(expected) if *expected != actual => {
            Err(LayerError::Digest { expected: expected.clone(), actual })
        }
        _ => Ok((actual, extracted)),
    }
}
