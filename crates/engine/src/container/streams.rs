//! The streams of a container: named pipes in its directory, so that they outlive the engine's processes; or its terminal, whose
//! output goes through such a pipe.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::unix::pipe;
use wharf_container::spec::ContainerSpec;
use wharf_container::stdio::{self, ChildStdio, ParentStdio};

use super::instance::Container;
use crate::core::Core;
use crate::io::StdStream;
use crate::logs::LogWriter;
use crate::stdio::{PipeInput, Screen, Sink, Source, capture, terminal_input, terminal_output};

/// Makes the streams of a start. A process with a terminal gets that from its launch, and none of these.
///
/// # Errors
/// They cannot be made in the container's directory.
pub fn open_stdio(container: &Container, spec: &ContainerSpec) -> std::io::Result<(ChildStdio, ParentStdio)> {
    let (mut child, mut ends) = (ChildStdio::default(), ParentStdio::default());
    if spec.process.terminal.is_some() {
        ends.stdout = Some(make_fifo(container, "stdout")?.1);
        return Ok((child, ends));
    }
    if container.record().config.open_stdin {
        let (stdin, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        (child.stdin, ends.stdin) = (Some(stdin), Some(write));
    }
    let (stdout, read_stdout) = make_fifo(container, "stdout")?;
    let (stderr, read_stderr) = make_fifo(container, "stderr")?;
    (child.stdout, child.stderr) = (Some(stdout), Some(stderr));
    (ends.stdout, ends.stderr) = (Some(read_stdout), Some(read_stderr));
    Ok((child, ends))
}

/// Both ends of a named pipe of the container, which is empty.
fn make_fifo(container: &Container, name: &str) -> std::io::Result<(OwnedFd, OwnedFd)> {
    let path = container.run_path(name);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => stdio::create_fifo(&path),
    }
}

/// The tasks that read a process's output to its end.
pub type Captures = Vec<tokio::task::JoinHandle<std::io::Result<()>>>;

/// Begins to read what the process writes, and to write what clients send it.
///
/// # Errors
/// A stream cannot be watched.
pub fn watch_streams(
    core: &Arc<Core>,
    container: &Arc<Container>,
    terminal: Option<&OwnedFd>,
    mut ends: ParentStdio,
) -> std::io::Result<Captures> {
    let mut sources = Vec::new();
    if let Some(terminal) = terminal {
        let from = ends.stdout.take().ok_or(std::io::ErrorKind::NotFound)?;
        let into = stdio::open_fifo_to_write(&container.run_path("stdout"))?;
        let screen = Screen { terminal: terminal_output(terminal)?, into, from };
        sources.push((StdStream::Stdout, Source::Terminal(screen)));
        tokio::spawn(container.input.pump().run(terminal_input(terminal)?));
    }
    if let Some(stdin) = ends.stdin {
        let (processes, id) = (core.processes.clone(), container.id().to_owned());
        // The monitor keeps a copy of the end; a monitor that is gone keeps none.
        let target = PipeInput::new(stdin, move || _ = processes.close_stdin(&id))?;
        tokio::spawn(container.input.pump().run(target));
    }
    for (stream, end) in [(StdStream::Stdout, ends.stdout), (StdStream::Stderr, ends.stderr)] {
        if let Some(end) = end {
            sources.push((stream, Source::Pipe(pipe::Receiver::from_owned_fd(end)?)));
        }
    }
    let capture_into = |(stream, source)| {
        let log = container.log.writer(stream, &journal(container, stream))?;
        Ok(tokio::spawn(capture(source, Sink { stream, clients: container.clients.clone(), log })))
    };
    sources.into_iter().map(capture_into).collect()
}

/// Where a stream keeps what is on its way into the log.
fn journal(container: &Container, stream: StdStream) -> PathBuf {
    container.run_path(match stream {
        StdStream::Stdout => "stdout.journal",
        StdStream::Stderr => "stderr.journal",
    })
}

/// Removes the streams of a process that has ended. What a worker that is gone, or a capture that was given up, had taken and not
/// written is written now.
pub fn remove_streams(container: &Container) {
    for (stream, name) in [(StdStream::Stdout, "stdout"), (StdStream::Stderr, "stderr")] {
        let journal = journal(container, stream);
        if journal.exists() {
            let finished = container.log.writer(stream, &journal).and_then(LogWriter::finish);
            if let Err(error) = finished {
                tracing::warn!(container = container.id(), %error, "the end of a container's output is lost");
            }
        }
        // There is one only with a terminal.
        let _ = std::fs::remove_file(container.run_path(name));
    }
}
