//! What a container writes, to all clients that are attached.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;

use crate::error::Error;
use crate::io::{Output, OutputStream, StdStream};

/// A client that is further behind than this is let go: the container never waits (contract 1.12.7).
const BACKLOG: usize = 16 * 1024 * 1024;

/// The attached clients of one container.
#[derive(Default)]
pub struct Fanout {
    clients: Mutex<Vec<Client>>,
}

struct Client {
    sender: mpsc::UnboundedSender<Result<Output, Error>>,
    /// Bytes sent and not yet read.
    backlog: Arc<AtomicUsize>,
    stdout: bool,
    stderr: bool,
}

impl Fanout {
    /// Hands a piece of output to all clients.
    pub fn send(&self, stream: StdStream, data: &[u8]) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.is_empty() {
            return;
        }
        let data = Bytes::copy_from_slice(data);
        clients.retain(|client| client.send(stream, &data));
    }

    /// What is written from now on, until the container's output ends.
    pub fn subscribe(&self, stdout: bool, stderr: bool) -> OutputStream {
        let (sender, receiver) = mpsc::unbounded_channel();
        let backlog = Arc::new(AtomicUsize::new(0));
        let client = Client { sender, backlog: backlog.clone(), stdout, stderr };
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        stream::unfold((receiver, backlog), |(mut receiver, backlog)| async move {
            let output = receiver.recv().await?;
            let length = output.as_ref().map_or(0, |output| output.data.len());
            backlog.fetch_sub(length, Ordering::Relaxed);
            Some((output, (receiver, backlog)))
        })
        .boxed()
    }

    /// The container's output has ended.
    pub fn close(&self) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Client {
    /// False when this client is gone or let go.
    fn send(&self, stream: StdStream, data: &Bytes) -> bool {
        let wanted = match stream {
            StdStream::Stdout => self.stdout,
            StdStream::Stderr => self.stderr,
        };
        if !wanted {
            return !self.sender.is_closed();
        }
        let behind = self.backlog.fetch_add(data.len(), Ordering::Relaxed);
        if behind > BACKLOG {
            let text = format!("the client is more than {BACKLOG} bytes behind the container's output");
            // It learns why its stream ends, if it is still there.
            let _ = self.sender.send(Err(Error::Internal(text)));
            return false;
        }
        self.sender.send(Ok(Output { stream, data: data.clone() })).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn clients_get_the_streams_they_want() {
        let fanout = Fanout::default();
        let (both, only_err) = (fanout.subscribe(true, true), fanout.subscribe(false, true));
        fanout.send(StdStream::Stdout, b"out");
        fanout.send(StdStream::Stderr, b"err");
        fanout.close();
        assert_eq!(both.count().await, 2);
        let rest: Vec<_> = only_err.map(|output| output.unwrap().data).collect().await;
        assert_eq!(rest, [Bytes::from("err")]);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_let_go() {
        let fanout = Fanout::default();
        let stuck = fanout.subscribe(true, true);
        let chunk = vec![0; 1024 * 1024];
        for _ in 0..40 {
            fanout.send(StdStream::Stdout, &chunk);
        }
        let outputs: Vec<_> = stuck.collect().await;
        assert!(outputs.last().unwrap().is_err());
        assert!(outputs.len() < 20);
    }
}
