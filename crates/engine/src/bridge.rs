//! Between the asynchronous streams of the API and the blocking readers and writers of archives.
//!
//! Memory stays bounded in both directions: a slow client makes the writer wait, a slow disk makes the client wait.

use std::io::{self, BufWriter, Read, Write};

use bytes::{Buf, Bytes};
use futures::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::io::ByteStream;

/// Pieces of this many bytes travel from a blocking writer.
const PIECE: usize = 64 << 10;
/// How many pieces wait for the client.
const QUEUE: usize = 4;

/// A blocking reader of `stream`, for use on a blocking thread. Must be called inside a runtime.
pub fn reader(stream: ByteStream) -> impl Read + Send {
    StreamReader { stream, rest: Bytes::new(), runtime: Handle::current() }
}

struct StreamReader {
    stream: ByteStream,
    rest: Bytes,
    runtime: Handle,
}

impl Read for StreamReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(piece) => self.rest = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.rest.len());
        self.rest.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// The bytes that `write` writes on a blocking thread, as a stream. An error of `write` is the last item; a client that leaves
/// makes the next write fail with `BrokenPipe`. Must be called inside a runtime.
pub fn written_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static) -> ByteStream {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        let mut sink = BufWriter::with_capacity(PIECE, ChannelWriter(sender.clone()));
        if let Err(error) = write(&mut sink).and_then(|()| sink.flush()) {
            // Nobody listens any more when this fails, and then there is nobody to tell.
            let _ = sender.blocking_send(Err(error));
        }
    });
    stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) }).boxed()
}

struct ChannelWriter(mpsc::Sender<io::Result<Bytes>>);

impl Write for ChannelWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.0.blocking_send(Ok(Bytes::copy_from_slice(data))) {
            Ok(()) => Ok(data.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;

    async fn collect(stream: ByteStream) -> io::Result<Vec<u8>> {
        let pieces: Vec<Bytes> = stream.try_collect().await?;
        Ok(pieces.concat())
    }

    #[tokio::test]
    async fn what_is_written_arrives_and_what_arrives_is_read() {
        let data: Vec<u8> = (0..1_000_000u32).map(|n| n as u8).collect();
        let sent = data.clone();
        let stream = written_by(move |sink| sink.write_all(&sent));
        let mut reader = reader(stream);
        let got = tokio::task::spawn_blocking(move || {
            let mut got = Vec::new();
            reader.read_to_end(&mut got).map(|_| got)
        });
        assert_eq!(got.await.unwrap().unwrap(), data);
    }

    #[tokio::test]
    async fn a_failing_writer_ends_the_stream_with_its_error() {
        let stream = written_by(|sink| {
            sink.write_all(b"some")?;
            Err(io::Error::other("disk on fire"))
        });
        assert_eq!(collect(stream).await.unwrap_err().to_string(), "disk on fire");
    }
}
