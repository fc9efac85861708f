//! Copies between this process's standard streams and a process in a container.

use std::io::{ErrorKind, Read, Write};
use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::errors::Error;
use futures::{Stream, StreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::detach_keys::DetachKeys;

/// Output of a process in a container.
pub(super) type ContainerOutput = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;
/// Its standard input.
pub(super) type ContainerInput = Pin<Box<dyn AsyncWrite + Send>>;

/// Bytes read from standard input at once.
const CHUNK: usize = 16 * 1024;

/// Sends standard input until its end, which the process sees too. Runs on its own: nobody waits for a user's input.
///
/// Ends early when the user types the keys that `keys` looks for; then, and only then, what it gives back has a value.
pub(super) fn forward_input(mut input: ContainerInput, mut keys: DetachKeys) -> oneshot::Receiver<()> {
    let (detached, detaching) = oneshot::channel();
    let mut pieces = standard_input();
    tokio::spawn(async move {
        while let Some(piece) = pieces.recv().await {
            let (piece, found) = keys.filter(&piece);
            if input.write_all(&piece).await.is_err() || input.flush().await.is_err() {
                // The process ended first; what is left is for nobody.
                return;
            }
            if found {
                // Nobody waits for it any more where the process ended at the same moment.
                let _ = detached.send(());
                return;
            }
        }
        let _ = input.shutdown().await;
    });
    detaching
}

/// What is typed, read on a thread of its own: a read cannot be given up, so the end of the program takes it along.
pub(super) fn standard_input() -> mpsc::Receiver<Vec<u8>> {
    let (sender, pieces) = mpsc::channel::<Vec<u8>>(1);
    std::thread::spawn(move || {
        let mut buffer = vec![0; CHUNK];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
            if sender.blocking_send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    pieces
}

/// Prints output until its end.
pub(super) async fn print_output(mut output: ContainerOutput) -> Result<(), Error> {
    while let Some(piece) = output.next().await {
        let piece = match piece {
            Err(error) if is_reset(&error) => return Ok(()),
            piece => piece?,
        };
        let (to_stderr, bytes) = match piece {
            LogOutput::StdErr { message } => (true, message),
            other => (false, other.into_bytes()),
        };
        // A reader that went away ends the printing, not the process in the container.
        let written = if to_stderr {
            write(&mut std::io::stderr(), &bytes)
        } else {
            write(&mut std::io::stdout(), &bytes)
        };
        if written.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether the engine closed the connection before it read all that was typed: the process ended first. What it printed
/// was read before (a unix socket gives that before the error), and how it ended is asked for elsewhere.
fn is_reset(error: &Error) -> bool {
    matches!(error, Error::IOError { err } if err.kind() == ErrorKind::ConnectionReset)
}

fn write(out: &mut dyn Write, bytes: &[u8]) -> std::io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_the_engine_resets_ends_the_output() {
        let failing = |kind| -> ContainerOutput {
            let error = Error::IOError { err: std::io::Error::from(kind) };
            Box::pin(futures::stream::iter([Err(error)]))
        };
        assert!(print_output(failing(ErrorKind::ConnectionReset)).await.is_ok());
        assert!(print_output(failing(ErrorKind::PermissionDenied)).await.is_err());
    }
}
