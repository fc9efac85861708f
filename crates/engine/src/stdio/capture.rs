//! Moves what a process writes into a log and to attached clients, until it ends.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use tokio::net::unix::pipe;

use super::fanout::Fanout;
use super::terminal::is_closed_terminal;
use crate::io::StdStream;
use crate::logs::LogWriter;

/// Bytes taken at once: all that a pipe holds.
const CHUNK: usize = 64 * 1024;
/// How many chunks are taken before other tasks get their turn.
const BURST: usize = 16;

thread_local! {
    /// For terminals. Per thread, so that an idle container holds no buffer.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Where the output of a process comes from.
pub enum Source {
    /// A pipe: the kernel moves its bytes.
    Pipe(pipe::Receiver),
    /// The engine's side of a terminal.
    Terminal(pipe::Receiver),
}

impl Source {
    fn watched(&self) -> &pipe::Receiver {
        match self {
            Source::Pipe(end) | Source::Terminal(end) => end,
        }
    }
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
pub async fn capture(source: Source, mut sink: Sink) -> io::Result<()> {
    let result = read_to_end(&source, &mut sink).await;
    note(sink.log.finish());
    result
}

async fn read_to_end(source: &Source, sink: &mut Sink) -> io::Result<()> {
    loop {
        source.watched().readable().await?;
        match source.watched().try_io(|| read_burst(source, sink)) {
            Err(nothing) if nothing.kind() == io::ErrorKind::WouldBlock => {}
            Ok(Burst::More) => tokio::task::yield_now().await,
            Ok(Burst::End) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

enum Burst {
    More,
    End,
}

fn read_burst(source: &Source, sink: &mut Sink) -> io::Result<Burst> {
    for _ in 0..BURST {
        match take(source, sink) {
            Ok(0) => return Ok(Burst::End),
            Ok(_) => {}
            Err(error) if is_closed_terminal(&error) => return Ok(Burst::End),
            Err(error) => return Err(error),
        }
    }
    Ok(Burst::More)
}

/// The log comes first: who saw a line on a terminal finds it in the log.
fn take(source: &Source, sink: &mut Sink) -> io::Result<usize> {
    let (stream, clients) = (sink.stream, &sink.clients);
    match source {
        Source::Pipe(end) => {
            let taken = sink.log.take(end, CHUNK, |data| clients.send(stream, data))?;
            note(taken.failure.map_or(Ok(()), Err));
            Ok(taken.count)
        }
        Source::Terminal(end) => SCRATCH.with_borrow_mut(|buffer| {
            buffer.resize(CHUNK, 0);
            let count = rustix::io::read(end, buffer.as_mut_slice())?;
            note(sink.log.write(&buffer[..count], |data| clients.send(stream, data)));
            Ok(count)
        }),
    }
}

/// A log that cannot be written must not stop the container; it is told in the engine's own log.
fn note(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "output of a container is lost: its log cannot be written");
    }
}
