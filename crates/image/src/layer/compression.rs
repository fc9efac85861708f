//! Finds out how a stream is compressed by its first bytes and decompresses it (contract 7.3.3).
//!
//! Always in this process: a helper program found by name could be somebody else's (CVE-2026-41567).

use std::io::{self, BufReader, Cursor, Read};

use super::error::LayerError;

const BUFFER: usize = 128 * 1024;

/// A reader of the uncompressed bytes of `source`.
///
/// # Errors
/// When the first bytes cannot be read or name a compression that is not built in.
pub fn decoder<'a>(mut source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, LayerError> {
    let mut magic = Vec::with_capacity(6);
    (&mut source).take(6).read_to_end(&mut magic).map_err(LayerError::Decompress)?;
    let kind = Compression::of(&magic);
    let source = BufReader::with_capacity(BUFFER, Cursor::new(magic).chain(source));
    match kind {
        Compression::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(source))),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(source).map_err(LayerError::Decompress)?;
            Ok(Box::new(decoder))
        }
        Compression::Unsupported(name) => Err(LayerError::Compression(name)),
        Compression::None => Ok(Box::new(source)),
    }
}

enum Compression {
    None,
    Gzip,
    Zstd,
    Unsupported(&'static str),
}

impl Compression {
    fn of(magic: &[u8]) -> Compression {
        match magic {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            [b'B', b'Z', b'h', ..] => Compression::Unsupported("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Compression::Unsupported("xz"),
            _ => Compression::None,
        }
    }
}

/// Compresses with gzip the way registries and old clients expect, the same bytes every time.
pub(crate) fn gzip_encoder<W: io::Write>(sink: W) -> flate2::write::GzEncoder<W> {
    flate2::write::GzEncoder::new(sink, flate2::Compression::new(5))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decoded(bytes: &[u8]) -> Vec<u8> {
        let mut result = Vec::new();
        decoder(bytes).unwrap().read_to_end(&mut result).unwrap();
        result
    }

    #[test]
    fn the_first_bytes_decide() {
        let mut gzip = gzip_encoder(Vec::new());
        gzip.write_all(b"hello").unwrap();
        let gzip = gzip.finish().unwrap();
        let mut twice = gzip.clone();
        twice.extend_from_slice(&gzip);
        let zstd = zstd::stream::encode_all(&b"hello"[..], 1).unwrap();
        assert_eq!(decoded(&gzip), b"hello");
        assert_eq!(decoded(&twice), b"hellohello");
        assert_eq!(decoded(&zstd), b"hello");
        assert_eq!(decoded(b"hello"), b"hello");
        assert_eq!(decoded(b""), b"");
        assert!(decoder(&b"BZh9"[..]).is_err());
    }
}
