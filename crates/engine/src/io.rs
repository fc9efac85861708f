//! The shapes of data that flows through the engine: output of processes, bodies, progress.

use std::io;

use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::io::AsyncWrite;

use crate::error::Result;
use crate::model::progress::Message;

/// A request or answer body.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// The lines of a pull, push, load or build. An error is a last [`Message::error`] line: the HTTP status is already sent then.
pub type ProgressStream = BoxStream<'static, Message>;

/// What a process wrote, or what was read back from its log.
pub type OutputStream = BoxStream<'static, Result<Output>>;

/// Which descriptor of a process something was written to. The number is Docker's frame header (contract 1.12.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StdStream {
    /// Descriptor 1; a terminal's merged stream as well.
    Stdout = 1,
    /// Descriptor 2.
    Stderr = 2,
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it was written.
    pub stream: StdStream,
    /// What was written; not necessarily whole lines.
    pub data: Bytes,
}

/// A process's standard input. Shutting it down closes the process's end where `StdinOnce` or an exec says so.
pub type Input = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection to a process's stdio.
pub struct Attached {
    /// The process has a terminal: output is raw, not framed.
    pub tty: bool,
    /// Present when stdin was asked for and is open.
    pub input: Option<Input>,
    /// Ends when the process ends or its output is closed.
    pub output: OutputStream,
}

/// Terminal size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TtySize {
    /// Lines.
    pub height: u16,
    /// Columns.
    pub width: u16,
}
