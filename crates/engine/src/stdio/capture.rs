//! Moves what a process writes into a log and to attached clients, until it ends.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use tokio::net::unix::pipe;

use super::fanout::Fanout;
use super::terminal::{Screen, is_closed_terminal};
use crate::io::StdStream;
use crate::logs::LogWriter;

/// Bytes taken at once: all that a pipe holds.
const CHUNK: usize = 64 * 1024;
/// How many chunks are taken before other tasks get their turn.
const BURST: usize = 16;

/// Where the output of a process comes from.
pub enum Source {
    /// A pipe.
    Pipe(pipe::Receiver),
    /// A terminal.
    Terminal(Screen),
}

impl Source {
    fn watched(&self) -> &pipe::Receiver {
        match self {
            Source::Pipe(end) => end,
            Source::Terminal(screen) => &screen.terminal,
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
    if let Source::Terminal(screen) = source {
        take_rest(screen, sink)?;
    }
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

fn take(source: &Source, sink: &mut Sink) -> io::Result<usize> {
    match source {
        Source::Pipe(end) => take_from(end, sink),
        Source::Terminal(screen) => {
            screen.advance()?;
            take_from(&screen.from, sink)
        }
    }
}

/// What a worker that was killed had moved into the pipe and no further.
fn take_rest(screen: &Screen, sink: &mut Sink) -> io::Result<()> {
    match take_from(&screen.from, sink) {
        Err(nothing) if nothing.kind() == io::ErrorKind::WouldBlock => Ok(()),
        result => result.map(|_| ()),
    }
}

/// The log comes first: who saw a line on a terminal finds it in the log.
fn take_from(pipe: impl AsFd, sink: &mut Sink) -> io::Result<usize> {
    let (stream, clients) = (sink.stream, &sink.clients);
    let taken = sink.log.take(pipe, CHUNK, |data| clients.send(stream, data))?;
    note(taken.failure.map_or(Ok(()), Err));
    Ok(taken.count)
}

/// A log that cannot be written must not stop the container; it is told in the engine's own log.
fn note(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "output of a container is lost: its log cannot be written");
    }
}
