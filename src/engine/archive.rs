//! Tar streams between this process and an engine, packed and unpacked while they travel.
//!
//! Packing and unpacking are blocking work on threads of their own; a bounded queue to the connection keeps a large
//! tree from ever being in memory. Which files go into an archive is the caller's business.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::pin::Pin;

use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt};
use http_body_util::{Either, Full, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;

/// A request body as `bollard` takes it.
pub type Body =
    Either<Full<Bytes>, StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, io::Error>> + Send>>>>;

/// Bytes per piece of a stream.
const CHUNK: usize = 64 * 1024;
/// Pieces that may wait for the other side.
const QUEUE: usize = 16;

/// A request body whose bytes `write` makes on a thread of its own, as fast as the engine takes them.
///
/// An error of `write` ends the request with it.
pub fn sent(write: impl FnOnce(Pieces) -> io::Result<()> + Send + 'static) -> Body {
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, io::Error>>(QUEUE);
    tokio::task::spawn_blocking(move || {
        let pieces = Pieces { buffer: Vec::with_capacity(CHUNK), sender: sender.clone() };
        if let Err(error) = write(pieces) {
            // The receiver is gone when the engine refused; then there is nobody to tell.
            let _ = sender.blocking_send(Err(error));
        }
    });
    bollard::body_try_stream(futures::stream::poll_fn(move |context| receiver.poll_recv(context)))
}

/// Writes on the sending side; nothing is sent for certain before [`Write::flush`].
#[derive(Debug)]
pub struct Pieces {
    buffer: Vec<u8>,
    sender: mpsc::Sender<Result<Bytes, io::Error>>,
}

impl Write for Pieces {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(data);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.buffer));
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// Appends a file, a folder without its content, or a symbolic link, as root's; anything else is left out.
///
/// # Errors
/// As reading it; `NotFound` when it is gone.
pub fn append_as_root(archive: &mut tar::Builder<Pieces>, path: &Path, name: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata_in_mode(&metadata, tar::HeaderMode::Complete);
    header.set_uid(0);
    header.set_gid(0);
    if metadata.is_symlink() {
        header.set_size(0);
        return archive.append_link(&mut header, name, fs::read_link(path)?);
    }
    if metadata.is_dir() {
        return archive.append_data(&mut header, name, io::empty());
    }
    if !metadata.is_file() {
        // Sockets and pipes are for processes of this machine.
        return Ok(());
    }
    // As long as the header says, even if somebody writes to the file at this moment.
    let content = fs::File::open(path)?.chain(io::repeat(0)).take(metadata.len());
    archive.append_data(&mut header, name, content)
}

/// Why [`received`] failed.
#[derive(Debug)]
pub enum ReceiveError {
    /// The engine refused, or the connection broke.
    Engine(bollard::errors::Error),
    /// What was done with the bytes failed.
    Local(io::Error),
}

/// Gives the bytes of an answer to `read`, on a thread of its own, and waits for its result.
///
/// # Errors
/// What the engine says comes before what `read` makes of the stream's early end.
pub async fn received<T: Send + 'static>(
    stream: impl Stream<Item = Result<Bytes, bollard::errors::Error>>,
    read: impl FnOnce(Arriving) -> io::Result<T> + Send + 'static,
) -> Result<T, ReceiveError> {
    let (sender, receiver) = mpsc::channel::<Bytes>(QUEUE);
    let reader = tokio::task::spawn_blocking(move || read(Arriving { piece: Bytes::new(), receiver }));
    let mut stream = std::pin::pin!(stream);
    while let Some(piece) = stream.next().await {
        // A reader that has enough is asked for its result below.
        if sender.send(piece.map_err(ReceiveError::Engine)?).await.is_err() {
            break;
        }
    }
    drop(sender);
    let result = reader.await.map_err(|error| ReceiveError::Local(io::Error::other(error)))?;
    result.map_err(ReceiveError::Local)
}

/// Reads what arrives.
#[derive(Debug)]
pub struct Arriving {
    piece: Bytes,
    receiver: mpsc::Receiver<Bytes>,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let count = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_arrive_in_order_and_an_error_of_the_engine_wins() {
        let pieces = ["one ", "", "two"].map(|text| Ok(Bytes::from(text)));
        let read = |mut arriving: Arriving| {
            let mut text = String::new();
            arriving.read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(received(futures::stream::iter(pieces), read).await.unwrap(), "one two");
        let broken = [
            Ok(Bytes::from("half")),
            Err(bollard::errors::Error::DockerStreamError { error: "gone".to_owned() }),
        ];
        let error = received(futures::stream::iter(broken), read).await.unwrap_err();
        assert!(matches!(error, ReceiveError::Engine(_)), "{error:?}");
    }
}
