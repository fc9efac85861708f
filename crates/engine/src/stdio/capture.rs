//! Reads what a process writes until it ends, into a log and to attached clients.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use tokio::net::unix::pipe;

use super::fanout::Fanout;
use super::terminal::is_closed_terminal;
use crate::io::StdStream;
use crate::logs::LogWriter;

const BUFFER: usize = 64 * 1024;
/// How many buffers are taken in before other tasks get their turn.
const BURST: usize = 16;

thread_local! {
    /// Per thread, so that an idle container holds no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

/// Where a stream goes.
pub struct Sink {
    /// Which stream it is.
    pub stream: StdStream,
    /// Attached clients.
    pub clients: Arc<Fanout>,
    /// The log.
    pub log: LogWriter,
}

/// Reads a process's output to its end.
///
/// # Errors
/// It cannot be read any more; what was read before is in the log.
pub async fn capture(source: pipe::Receiver, mut sink: Sink) -> io::Result<()> {
    let result = read_to_end(&source, &mut sink).await;
    note(sink.log.finish());
    result
}

async fn read_to_end(source: &pipe::Receiver, sink: &mut Sink) -> io::Result<()> {
    loop {
        source.readable().await?;
        match read_burst(source, sink)? {
            Burst::Empty => {}
            Burst::More => tokio::task::yield_now().await,
            Burst::End => return Ok(()),
        }
    }
}

enum Burst {
    Empty,
    More,
    End,
}

fn read_burst(source: &pipe::Receiver, sink: &mut Sink) -> io::Result<Burst> {
    SCRATCH.with_borrow_mut(|buffer| {
        for _ in 0..BURST {
            match source.try_read(buffer) {
                Ok(0) => return Ok(Burst::End),
                Ok(count) => take(sink, &buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Burst::Empty),
                Err(error) if is_closed_terminal(&error) => return Ok(Burst::End),
                Err(error) => return Err(error),
            }
        }
        Ok(Burst::More)
    })
}

/// The log comes first: who saw a line on a terminal finds it in the log.
fn take(sink: &mut Sink, data: &[u8]) {
    note(sink.log.write(data));
    sink.clients.send(sink.stream, data);
}

/// A log that cannot be written must not stop the container; it is told in the engine's own log.
fn note(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "output of a container is lost: its log cannot be written");
    }
}
