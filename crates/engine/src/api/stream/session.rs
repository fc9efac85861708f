//! A hijacked connection at work: output to the client, input to the process, until either side is done.

use std::io;

use futures::StreamExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::detach::{DetachKeys, Scanned, Scanner};
use super::frame::encode;
use crate::io::{Attached, Input, OutputStream};

const BUFFER: usize = 16 << 10;

/// Why the input side came to its end.
#[derive(Debug, PartialEq, Eq)]
enum InputEnd {
    /// The client closed its half, or the process takes no more: output goes on.
    Closed,
    /// The user typed the detach keys.
    Detached,
}

/// Runs until the output ends, the client is gone, or the user detaches. Nobody is left to report an error to.
pub async fn run(connection: impl AsyncRead + AsyncWrite, attached: Attached, keys: DetachKeys) {
    let (mut reader, mut writer) = tokio::io::split(connection);
    let scanner = attached.tty.then(|| keys.scanner());
    let output = send_output(attached.output, attached.tty, &mut writer);
    let input = async {
        let Some(sink) = attached.input else { return InputEnd::Closed };
        send_input(&mut reader, sink, scanner).await.unwrap_or(InputEnd::Closed)
    };
    until_done(output, input).await;
    let _ = writer.shutdown().await;
}

/// The end of the output ends the session; the end of the input does so only when the user detached.
async fn until_done(output: impl Future<Output = io::Result<()>>, input: impl Future<Output = InputEnd>) {
    tokio::pin!(output, input);
    tokio::select! {
        _ = &mut output => {}
        end = &mut input => if end == InputEnd::Closed { let _ = output.await; },
    }
}

async fn send_output(
    mut output: OutputStream,
    tty: bool,
    writer: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    while let Some(piece) = output.next().await {
        writer.write_all(&encode(piece, tty)).await?;
    }
    writer.flush().await
}

async fn send_input(
    reader: &mut (impl AsyncRead + Unpin),
    mut sink: Input,
    mut scanner: Option<Scanner>,
) -> io::Result<InputEnd> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = reader.read(&mut buffer).await?;
        if length == 0 {
            sink.shutdown().await?;
            return Ok(InputEnd::Closed);
        }
        if pass_on(&buffer[..length], &mut sink, scanner.as_mut()).await? == InputEnd::Detached {
            return Ok(InputEnd::Detached);
        }
    }
}

async fn pass_on(data: &[u8], sink: &mut Input, scanner: Option<&mut Scanner>) -> io::Result<InputEnd> {
    let Some(scanner) = scanner else {
        sink.write_all(data).await?;
        sink.flush().await?;
        return Ok(InputEnd::Closed);
    };
    let (passed, end) = match scanner.scan(data) {
        Scanned::Input(passed) => (passed, InputEnd::Closed),
        Scanned::Detach(passed) => (passed, InputEnd::Detached),
    };
    sink.write_all(&passed).await?;
    sink.flush().await?;
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::io::{Output, StdStream};
    use bytes::Bytes;
    use futures::stream;
    use tokio::io::duplex;

    fn attached(tty: bool, input: Option<Input>, output: Vec<Result<Output>>, ends: bool) -> Attached {
        let pieces = stream::iter(output);
        let output = if ends { pieces.boxed() } else { pieces.chain(stream::pending()).boxed() };
        Attached { tty, input, output }
    }

    fn piece(text: &'static str) -> Result<Output> {
        Ok(Output { stream: StdStream::Stdout, data: Bytes::from_static(text.as_bytes()) })
    }

    #[tokio::test]
    async fn the_client_sees_the_output_and_then_the_end() {
        let (mut client, server) = duplex(1024);
        run(server, attached(false, None, vec![piece("hi")], true), DetachKeys::default()).await;
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"\x01\0\0\0\0\0\0\x02hi");
    }

    #[tokio::test]
    async fn closing_the_clients_half_closes_stdin_and_keeps_the_output() {
        let (mut client, server) = duplex(1024);
        let (sink, mut stdin) = duplex(1024);
        let session = attached(false, Some(Box::new(sink)), vec![], false);
        let running = tokio::spawn(run(server, session, DetachKeys::default()));
        client.write_all(b"input").await.unwrap();
        client.shutdown().await.unwrap();
        let mut got = String::new();
        stdin.read_to_string(&mut got).await.unwrap();
        assert_eq!(got, "input");
        assert!(!running.is_finished());
        running.abort();
    }

    #[tokio::test]
    async fn detach_keys_end_the_session_of_a_terminal() {
        let (mut client, server) = duplex(1024);
        let (sink, mut stdin) = duplex(1024);
        let session = attached(true, Some(Box::new(sink)), vec![], false);
        client.write_all(b"ab\x10\x11").await.unwrap();
        run(server, session, DetachKeys::default()).await;
        let mut got = String::new();
        stdin.read_to_string(&mut got).await.unwrap();
        assert_eq!(got, "ab");
    }
}
