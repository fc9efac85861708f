//! The streams of a container: named pipes in its directory, so that they outlive the engine's processes; or its terminal.

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
use crate::stdio::{PipeInput, Sink, Source, capture, terminal_input, terminal_output};

/// Makes the streams of a start. With a terminal there is nothing to make: the process gets the one that the launch makes.
///
/// # Errors
/// They cannot be made in the container's directory.
pub fn open_stdio(container: &Container, spec: &ContainerSpec) -> std::io::Result<(ChildStdio, ParentStdio)> {
    if spec.process.terminal.is_some() {
        return Ok((ChildStdio::default(), ParentStdio::default()));
    }
    let (mut child, mut ends) = (ChildStdio::default(), ParentStdio::default());
    if container.record().config.open_stdin {
        let (stdin, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        (child.stdin, ends.stdin) = (Some(stdin), Some(write));
    }
    let output = |name: &str| -> std::io::Result<(OwnedFd, OwnedFd)> {
        let path = container.run_path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => stdio::create_fifo(&path),
        }
    };
    let ((stdout, read_stdout), (stderr, read_stderr)) = (output("stdout")?, output("stderr")?);
    (child.stdout, child.stderr) = (Some(stdout), Some(stderr));
    (ends.stdout, ends.stderr) = (Some(read_stdout), Some(read_stderr));
    Ok((child, ends))
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
    ends: ParentStdio,
) -> std::io::Result<Captures> {
    let mut sources = Vec::new();
    if let Some(terminal) = terminal {
        sources.push((StdStream::Stdout, Source::Terminal(terminal_output(terminal)?)));
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
        // There is none with a terminal.
        let _ = std::fs::remove_file(container.run_path(name));
    }
}
