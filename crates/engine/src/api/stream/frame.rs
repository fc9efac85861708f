//! The framing of output without a terminal (contract 1.12.5): stream number, three zero bytes, big-endian length, data.

use std::convert::Infallible;

use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use futures::StreamExt;

use crate::error::Error;
use crate::io::{Output, OutputStream};

/// Media type of framed output.
const MULTIPLEXED: &str = "application/vnd.docker.multiplexed-stream";
/// Media type of a terminal's output.
const RAW: &str = "application/vnd.docker.raw-stream";

const HEADER: usize = 8;
/// The stream on which the engine itself reports that it cannot go on; clients show it as an error.
const SYSTEM_ERROR: u8 = 3;

/// The media type of a process's output.
pub fn media_type(tty: bool) -> &'static str {
    if tty { RAW } else { MULTIPLEXED }
}

/// Encodes one piece of output; an error becomes the last thing that the client reads.
pub fn encode(piece: Result<Output, Error>, tty: bool) -> Bytes {
    match piece {
        Ok(output) if tty => output.data,
        Ok(output) => frame(output.stream as u8, &output.data),
        Err(error) if tty => Bytes::from(format!("{}\r\n", error.message())),
        Err(error) => frame(SYSTEM_ERROR, error.message().as_bytes()),
    }
}

/// Output as the body of a plain answer.
pub fn output_body(output: OutputStream, tty: bool) -> Body {
    Body::from_stream(output.map(move |piece| Ok::<_, Infallible>(encode(piece, tty))))
}

fn frame(stream: u8, data: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(HEADER + data.len());
    framed.put_slice(&[stream, 0, 0, 0]);
    framed.put_u32(u32::try_from(data.len()).unwrap_or(u32::MAX));
    framed.put_slice(data);
    framed.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::StdStream;

    #[test]
    fn frames_carry_stream_and_length() {
        let output = || Ok(Output { stream: StdStream::Stderr, data: Bytes::from_static(b"abc") });
        assert_eq!(encode(output(), false), &b"\x02\0\0\0\0\0\0\x03abc"[..]);
        assert_eq!(encode(output(), true), &b"abc"[..]);
    }

    #[test]
    fn errors_have_their_own_stream() {
        let encoded = encode(Err(Error::Internal("gone".to_owned())), false);
        assert_eq!(encoded, &b"\x03\0\0\0\0\0\0\x04gone"[..]);
    }
}
