//! The output of an exec to its one client, at the client's pace: the process waits when the client does not read, as in a
//! pipe, and goes on unheard when the client is gone.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, watch};

use crate::error::Error;
use crate::io::{Output, OutputStream, StdStream};
use crate::stdio::is_closed_terminal;

/// Pieces on their way to the client.
const PIECES: usize = 8;
/// How long a silent stream is kept open after the process has ended: something it left behind may hold it for ever.
const SILENCE: Duration = Duration::from_secs(2);

/// What is sent to the client.
pub type OutputSender = mpsc::Sender<Result<Output, Error>>;

/// A stream of output and its sending side. The stream ends when all senders are gone.
pub fn channel() -> (OutputSender, OutputStream) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let stream = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|output| (output, receiver))
    });
    (sender, stream.boxed())
}

/// Forwards one stream of a process to its end. Once `ended` says so, a silent stream is given up.
pub async fn forward(
    source: pipe::Receiver,
    stream: StdStream,
    sender: OutputSender,
    mut ended: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        match read(&source, &mut buffer, &mut ended).await {
            Ok(0) => return,
            // A client that is gone is no reason for the process to stop: what it writes is dropped.
            Ok(count) => {
                let data = Bytes::copy_from_slice(&buffer[..count]);
                let _ = sender.send(Ok(Output { stream, data })).await;
            }
            Err(error) => {
                let _ = sender.send(Err(Error::io("read", "the output of an exec")(error))).await;
                return;
            }
        }
    }
}

/// The next bytes; 0 at the end, or when nothing comes a while after `ended` says so.
pub async fn read(
    source: &pipe::Receiver,
    buffer: &mut [u8],
    ended: &mut watch::Receiver<bool>,
) -> io::Result<usize> {
    let given_up = async {
        // The sender lives until the process has ended and says so first.
        let _ = ended.wait_for(|ended| *ended).await;
        tokio::time::sleep(SILENCE).await;
    };
    tokio::select! {
        result = read_some(source, buffer) => result,
        () = given_up => Ok(0),
    }
}

async fn read_some(source: &pipe::Receiver, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        source.readable().await?;
        match source.try_read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if is_closed_terminal(&error) => return Ok(0),
            result => return result,
        }
    }
}
