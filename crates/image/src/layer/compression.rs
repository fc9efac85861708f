//! Finds out how a stream is compressed by its first bytes and decompresses it (contract 7.3.3).
//!
//! Always in this process: a helper program found by name could be somebody else's (CVE-2026-41567).

use std::io::{self, BufReader, Cursor, Read};

use super::error::LayerError;

const BUFFER: usize = 128 * 1024;
/// The largest dictionary that `xz -9` uses is 64 MiB; a stream may claim 4 GiB. In KiB.
const XZ_MEMORY: u32 = 128 * 1024;

/// A reader of the uncompressed bytes of `source`: gzip, zstd, xz, bzip2, or as they are.
///
/// # Errors
/// When the first bytes cannot be read.
pub fn decoder<'a>(mut source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, LayerError> {
    let mut magic = Vec::with_capacity(6);
    (&mut source).take(6).read_to_end(&mut magic).map_err(LayerError::Decompress)?;
    let kind = Compression::of(&magic);
    let source = BufReader::with_capacity(BUFFER, Cursor::new(magic).chain(source));
    Ok(match kind {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
        Compression::Zstd => {
            Box::new(zstd::stream::read::Decoder::with_buffer(source).map_err(LayerError::Decompress)?)
        }
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(source, true, XZ_MEMORY)),
        Compression::None => Box::new(source),
    })
}

enum Compression {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Compression {
    fn of(magic: &[u8]) -> Compression {
        match magic {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            [b'B', b'Z', b'h', ..] => Compression::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Compression::Xz,
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
    }

    #[test]
    fn xz_and_bzip2_are_read_without_helper_programs() {
        // `printf hello | xz -9` and `printf hello | bzip2`.
        let xz = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x1c\x00\x00\x00\x10\xcf\x58\xcc\x01\x00\x04\x68\x65\x6c\x6c\x6f\x00\x00\x00\x00\xb1\x37\xb9\xdb\xe5\xda\x1e\x9b\x00\x01\x1d\x05\xb8\x2d\x80\xaf\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";
        let bzip2 = b"\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x19\x31\x65\x3d\x00\x00\x00\x81\x00\x02\x44\xa0\x00\x21\x9a\x68\x33\x4d\x07\x33\x8b\xb9\x22\x9c\x28\x48\x0c\x98\xb2\x9e\x80";
        assert_eq!(decoded(xz), b"hello");
        assert_eq!(decoded(bzip2), b"hello");
        let mut result = Vec::new();
        assert!(decoder(&bzip2[..20]).unwrap().read_to_end(&mut result).is_err());
    }
}
