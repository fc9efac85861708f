//! One answer to every gRPC call: that it is not supported.
//!
//! BuildKit's clients open a gRPC connection to find out whether the engine has a BuildKit inside, and when the connection itself is
//! refused they start one as a container instead. Only an answer inside the protocol reaches the user. So this speaks as much of
//! HTTP/2 (RFC 9113) as one refusal needs: no request is decoded, every stream gets the same trailers.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a client says first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest frame that a client may send to a server with default settings.
const MAX_FRAME: usize = 16 << 10;
const FRAME_HEADER: usize = 9;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// `UNIMPLEMENTED` in gRPC's list of codes.
const UNIMPLEMENTED: &str = "12";
/// `:status 200` in the static table of HPACK (RFC 7541, appendix A).
const STATUS_OK: u8 = 0x88;

struct Frame {
    kind: u8,
    flags: u8,
    stream: [u8; 4],
    payload: Vec<u8>,
}

/// Refuses every call with `reason` (printable ASCII without `%`) until the client leaves or says something else than HTTP/2.
pub async fn refuse(mut connection: impl AsyncRead + AsyncWrite + Unpin, reason: &str) {
    // Whoever speaks something else, or leaves in the middle, gets no answer.
    let _ = converse(&mut connection, reason).await;
    let _ = connection.shutdown().await;
}

async fn converse(connection: &mut (impl AsyncRead + AsyncWrite + Unpin), reason: &str) -> io::Result<()> {
    let mut preface = [0; PREFACE.len()];
    connection.read_exact(&mut preface).await?;
    if preface != PREFACE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    connection.write_all(&frame(SETTINGS, 0, [0; 4], &[])).await?;
    let refusal = trailers(reason);
    loop {
        let received = read_frame(connection).await?;
        let answer = match (received.kind, received.flags) {
            (SETTINGS, flags) if flags & ACK == 0 => frame(SETTINGS, ACK, [0; 4], &[]),
            (PING, flags) if flags & ACK == 0 => frame(PING, ACK, [0; 4], &received.payload),
            (HEADERS | CONTINUATION, flags) if flags & END_HEADERS != 0 => {
                frame(HEADERS, END_HEADERS | END_STREAM, received.stream, &refusal)
            }
            (GO_AWAY, _) => return Ok(()),
            _ => continue,
        };
        connection.write_all(&answer).await?;
    }
}

async fn read_frame(connection: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
    let mut header = [0; FRAME_HEADER];
    connection.read_exact(&mut header).await?;
    let [a, b, c, kind, flags, stream @ ..] = header;
    let length = u32::from_be_bytes([0, a, b, c]) as usize;
    if length > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut payload = vec![0; length];
    connection.read_exact(&mut payload).await?;
    Ok(Frame { kind, flags, stream, payload })
}

fn frame(kind: u8, flags: u8, stream: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    [&length[1..], &[kind, flags], &stream, payload].concat()
}

/// The header block of an answer that consists of an error only.
fn trailers(reason: &str) -> Vec<u8> {
    let mut block = vec![STATUS_OK];
    for (name, value) in
        [("content-type", "application/grpc"), ("grpc-status", UNIMPLEMENTED), ("grpc-message", reason)]
    {
        // A literal that is not remembered, with a new name (RFC 7541, 6.2.2).
        block.push(0);
        for text in [name, value] {
            push_text(&mut block, text);
        }
    }
    block
}

/// A string without Huffman coding; lengths beyond 126 continue in groups of seven bits (RFC 7541, 5.1 and 5.2).
fn push_text(block: &mut Vec<u8>, text: &str) {
    match text.len().checked_sub(0x7f) {
        None => block.extend(u8::try_from(text.len())),
        Some(mut rest) => {
            block.push(0x7f);
            while rest >= 0x80 {
                block.extend(u8::try_from(rest % 0x80 + 0x80));
                rest /= 0x80;
            }
            block.extend(u8::try_from(rest));
        }
    }
    block.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn every_call_is_refused_with_the_reason() {
        let (mut client, server) = duplex(4096);
        let running = tokio::spawn(async move { refuse(server, "not here").await });
        client.write_all(PREFACE).await.unwrap();
        client.write_all(&frame(SETTINGS, 0, [0; 4], &[])).await.unwrap();
        client.write_all(&frame(HEADERS, END_HEADERS, [0, 0, 0, 3], b"opaque")).await.unwrap();
        let first = read_frame(&mut client).await.unwrap();
        assert_eq!((first.kind, first.flags), (SETTINGS, 0));
        let second = read_frame(&mut client).await.unwrap();
        assert_eq!((second.kind, second.flags), (SETTINGS, ACK));
        let answer = read_frame(&mut client).await.unwrap();
        assert_eq!(
            (answer.kind, answer.flags, answer.stream),
            (HEADERS, END_HEADERS | END_STREAM, [0, 0, 0, 3])
        );
        assert!(String::from_utf8_lossy(&answer.payload).ends_with("grpc-message\u{8}not here"));
        drop(client);
        running.await.unwrap();
    }

    #[tokio::test]
    async fn something_else_than_http2_ends_the_connection() {
        let (mut client, server) = duplex(4096);
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        refuse(server, "not here").await;
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[test]
    fn long_texts_have_long_lengths() {
        let mut block = Vec::new();
        push_text(&mut block, &"x".repeat(300));
        // 300 - 127 = 173 = 0b1_0101101
        assert_eq!(block[..3], [0x7f, 0xad, 0x01]);
    }
}
