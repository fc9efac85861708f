//! Clients from before connections were upgraded: they take one over (`attach`, `exec start`) without an `Upgrade` header, and expect
//! `200` where others expect `101`, as Docker Engine answers them.
//!
//! hyper hands a connection over only by an upgrade. So the header is put into such a request here, under a name of its own, and an
//! answer that switches protocols becomes the one that these clients know. Whether there is anything to take over is the handler's
//! business. Only the first request of a connection is looked at: who takes a connection over opens it for that.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The protocol that is asked for in the name of such a client.
pub const RAW_STREAM: &str = "raw-stream";

const METHOD: &[u8] = b"POST /";
const HEAD_END: &[u8] = b"\r\n\r\n";
/// No such client sends a longer head.
const LONGEST_HEAD: usize = 16 << 10;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";

/// A connection that may be such a client's.
pub struct OldClientStream<S> {
    stream: S,
    incoming: Incoming,
    outgoing: Outgoing,
}

enum Incoming {
    /// The beginning of the first request.
    Head(Vec<u8>),
    /// What was read ahead.
    Rest(Bytes),
    Through,
}

enum Outgoing {
    Through,
    /// The beginning of the answer to such a client.
    Head(Vec<u8>),
    /// What is to be written first.
    Rest(Bytes),
}

impl<S> OldClientStream<S> {
    /// Looks at the first request of `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, incoming: Incoming::Head(Vec::new()), outgoing: Outgoing::Through }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for OldClientStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.incoming {
                Incoming::Head(head) => {
                    let length = ready!(read_more(&mut this.stream, context, head))?;
                    if length > 0 && !is_decided(head) {
                        continue;
                    }
                    if let Some(asked) = with_upgrade(head) {
                        *head = asked;
                        this.outgoing = Outgoing::Head(Vec::new());
                    }
                    this.incoming = Incoming::Rest(std::mem::take(head).into());
                }
                Incoming::Rest(rest) if rest.has_remaining() => {
                    buffer.put_slice(&rest.split_to(rest.len().min(buffer.remaining())));
                    return Poll::Ready(Ok(()));
                }
                Incoming::Rest(_) => this.incoming = Incoming::Through,
                Incoming::Through => return Pin::new(&mut this.stream).poll_read(context, buffer),
            }
        }
    }
}

fn read_more(
    stream: &mut (impl AsyncRead + Unpin),
    context: &mut Context<'_>,
    head: &mut Vec<u8>,
) -> Poll<io::Result<usize>> {
    let mut space = [0; 4096];
    let mut buffer = ReadBuf::new(&mut space);
    ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
    head.extend_from_slice(buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
}

/// Whether enough is there to tell.
fn is_decided(head: &[u8]) -> bool {
    let may_be_post = head.iter().zip(METHOD).all(|(one, other)| one == other);
    !may_be_post || end_of_head(head).is_some() || head.len() > LONGEST_HEAD
}

/// Where the head ends, with the empty line.
fn end_of_head(data: &[u8]) -> Option<usize> {
    memchr::memmem::find(data, HEAD_END).map(|at| at + HEAD_END.len())
}

/// The request with an upgrade, if it takes a connection over without one.
fn with_upgrade(request: &[u8]) -> Option<Vec<u8>> {
    let last_line = end_of_head(request)? - 2;
    let head = std::str::from_utf8(&request[..last_line]).ok().filter(|head| takes_over(head))?;
    Some([head.as_bytes(), b"Upgrade: ", RAW_STREAM.as_bytes(), b"\r\n", &request[last_line..]].concat())
}

/// With chunks the end of the request is known, and so the client is another one.
fn takes_over(head: &str) -> bool {
    let mut lines = head.split("\r\n");
    let target = lines.next().and_then(|line| line.strip_prefix("POST ")?.split(['?', ' ']).next());
    let path = target.unwrap_or_default();
    let is_attach = path.contains("/containers/") && path.ends_with("/attach");
    let is_start = path.contains("/exec/") && path.ends_with("/start");
    let says_more = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        ["upgrade", "transfer-encoding"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    (is_attach || is_start) && !lines.any(says_more)
}

/// The answer as such a client expects it; errors and others as they are.
fn without_switch(answer: &[u8]) -> Bytes {
    match end_of_head(answer).filter(|_| answer.starts_with(b"HTTP/1.1 101 ")) {
        Some(end) => [ANSWER, &answer[end..]].concat().into(),
        None => Bytes::copy_from_slice(answer),
    }
}

impl<S: AsyncWrite + Unpin> OldClientStream<S> {
    /// Writes what is to be written before anything else.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Outgoing::Rest(rest) = &mut self.outgoing else { return Poll::Ready(Ok(())) };
        while rest.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            rest.advance(written);
        }
        self.outgoing = Outgoing::Through;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for OldClientStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_rest(context))?;
        let Outgoing::Head(head) = &mut this.outgoing else {
            return Pin::new(&mut this.stream).poll_write(context, data);
        };
        head.extend_from_slice(data);
        if end_of_head(head).is_some() {
            this.outgoing = Outgoing::Rest(without_switch(head));
        }
        Poll::Ready(Ok(data.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Outgoing::Through = this.outgoing {
            return Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        Pin::new(this).poll_write(context, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rest(context))?;
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_rest(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    async fn seen(pieces: &[&str]) -> String {
        let (mut client, server) = duplex(1 << 16);
        for piece in pieces {
            client.write_all(piece.as_bytes()).await.unwrap();
        }
        client.shutdown().await.unwrap();
        let mut text = String::new();
        OldClientStream::new(server).read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn requests_that_take_over_are_upgraded() {
        let asked =
            "POST /v1.24/containers/a/attach?stdin=1 HTTP/1.1\r\nHost: x\r\nUpgrade: raw-stream\r\n\r\ninput";
        let request = ["POST /v1.24/containers/a/attach?stdin=1 HT", "TP/1.1\r\nHost: x\r", "\n\r\ninput"];
        assert_eq!(seen(&request).await, asked);
        assert!(seen(&["POST /exec/a/start HTTP/1.1\r\n\r\n{}"]).await.contains("Upgrade"));
    }

    #[tokio::test]
    async fn all_others_are_as_they_were() {
        for request in [
            "GET /containers/a/attach HTTP/1.1\r\n\r\n",
            "POST /containers/a/attach HTTP/1.1\r\nupgrade: tcp\r\n\r\n",
            "POST /exec/a/start HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /containers/a/start HTTP/1.1\r\n\r\n",
            "POST /containers/a/att",
            "",
        ] {
            assert_eq!(seen(&[request]).await, request);
        }
    }

    #[test]
    fn only_a_switch_of_protocols_is_another_answer() {
        let answer = without_switch(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: raw-stream\r\n\r\nout");
        assert_eq!(answer, [ANSWER, b"out"].concat());
        assert_eq!(without_switch(b"HTTP/1.1 404 Not Found\r\n\r\n"), b"HTTP/1.1 404 Not Found\r\n\r\n"[..]);
    }
}
