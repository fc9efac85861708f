//! Standard input: of an exec (one client, directly) and of a container (any number of clients, also before it starts).

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::unix::pipe;
use tokio::sync::{Mutex, mpsc};

use crate::io::Input;

/// How much one client may send ahead, in bytes.
const CLIENT_BUFFER: usize = 64 * 1024;
/// How many pieces wait for a container that does not read.
const WAITING: usize = 16;

/// The write end of a process's stdin pipe; `closed` is called when the client has shut it down or went away.
pub struct PipeInput<F: FnOnce() + Send + Unpin> {
    pipe: Option<pipe::Sender>,
    closed: Option<F>,
}

impl<F: FnOnce() + Send + Unpin> PipeInput<F> {
    /// Takes the write end.
    ///
    /// # Errors
    /// It is no pipe or cannot be watched.
    pub fn new(pipe: OwnedFd, closed: F) -> io::Result<Self> {
        let pipe = pipe::Sender::from_owned_fd(pipe)?;
        Ok(PipeInput { pipe: Some(pipe), closed: Some(closed) })
    }

    fn close(&mut self) {
        self.pipe = None;
        if let Some(closed) = self.closed.take() {
            closed();
        }
    }
}

impl<F: FnOnce() + Send + Unpin> AsyncWrite for PipeInput<F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.pipe {
            Some(pipe) => Pin::new(pipe).poll_write(context, data),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl<F: FnOnce() + Send + Unpin> Drop for PipeInput<F> {
    fn drop(&mut self) {
        self.close();
    }
}

/// What clients send to a container's stdin, waiting for the container.
pub struct ContainerInput {
    sender: mpsc::Sender<Piece>,
    receiver: Arc<Mutex<mpsc::Receiver<Piece>>>,
}

enum Piece {
    Data(Bytes),
    Close,
}

/// The receiving side for one run of the container.
pub struct InputPump {
    receiver: Arc<Mutex<mpsc::Receiver<Piece>>>,
}

impl Default for ContainerInput {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        ContainerInput { sender, receiver: Arc::new(Mutex::new(receiver)) }
    }
}

impl ContainerInput {
    /// A client's end. With `once`, the container's stdin is closed when the client has finished (contract 1.12.6).
    pub fn attach(&self, once: bool) -> Input {
        let (client, engine) = tokio::io::duplex(CLIENT_BUFFER);
        tokio::spawn(forward(engine, self.sender.clone(), once));
        Box::new(client)
    }

    /// For the run that begins now.
    pub fn pump(&self) -> InputPump {
        InputPump { receiver: self.receiver.clone() }
    }
}

async fn forward(mut client: DuplexStream, sender: mpsc::Sender<Piece>, once: bool) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = client.read(&mut buffer).await {
        if sender.send(Piece::Data(Bytes::copy_from_slice(&buffer[..count]))).await.is_err() {
            return;
        }
    }
    if once {
        // A container that is gone needs no end of file.
        let _ = sender.send(Piece::Close).await;
    }
}

impl InputPump {
    /// Writes what clients send into `target` until one closes it, or the process reads no more.
    pub async fn run(self, mut target: impl AsyncWrite + Unpin) {
        let mut receiver = self.receiver.lock().await;
        while let Some(Piece::Data(data)) = receiver.recv().await {
            if target.write_all(&data).await.is_err() {
                return;
            }
        }
        let _ = target.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn input_before_the_start_reaches_the_run() {
        let input = ContainerInput::default();
        let mut client = input.attach(true);
        client.write_all(b"hello").await.unwrap();
        client.shutdown().await.unwrap();
        let (target, mut process) = tokio::io::duplex(64);
        input.pump().run(target).await;
        let mut text = String::new();
        process.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
    }
}
