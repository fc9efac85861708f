//! The engine's side of a pseudo-terminal.
//!
//! It is read and written like two pipes; what differs is that the end of its output is an error of the kernel's, and that its
//! input has no end (the character for that is the terminal's business).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::pipe::SpliceFlags;
use rustix::termios::Winsize;
use tokio::net::unix::pipe;

use crate::io::TtySize;

/// Most that the kernel gives of a terminal at once (`N_TTY_BUF_SIZE`).
const TERMINAL_BUFFER: usize = 4096;

/// The output of a terminal on its way through a pipe. The kernel moves the bytes from one to the other (`splice(2)`, of terminals
/// since Linux 5.12) and keeps what is in the pipe when this process is killed, as long as somebody holds the pipe.
pub struct Screen {
    /// The engine's side of the terminal.
    pub terminal: pipe::Receiver,
    /// The pipe's end to write.
    pub into: OwnedFd,
    /// Its other end, which gives what the terminal showed.
    pub from: OwnedFd,
}

impl Screen {
    /// Moves what the terminal shows now into the pipe, which must be empty.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing now; see [`is_closed_terminal`].
    pub fn advance(&self) -> io::Result<()> {
        let flags = SpliceFlags::NONBLOCK;
        rustix::pipe::splice(&self.terminal, None, &self.into, None, TERMINAL_BUFFER, flags)?;
        Ok(())
    }
}

/// What the processes on the terminal write.
///
/// # Errors
/// It cannot be watched.
pub fn terminal_output(terminal: &OwnedFd) -> io::Result<pipe::Receiver> {
    pipe::Receiver::from_file_unchecked(copy(terminal)?)
}

/// What is typed on the terminal.
///
/// # Errors
/// It cannot be watched.
pub fn terminal_input(terminal: &OwnedFd) -> io::Result<pipe::Sender> {
    pipe::Sender::from_file_unchecked(copy(terminal)?)
}

fn copy(terminal: &OwnedFd) -> io::Result<File> {
    rustix::io::ioctl_fionbio(terminal, true)?;
    Ok(terminal.try_clone()?.into())
}

/// The last process on the other side has ended (`tty_ioctl(4)`): an end of file.
pub fn is_closed_terminal(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

/// Sets a terminal's size.
///
/// # Errors
/// The terminal is gone.
pub fn resize(terminal: impl AsFd, size: TtySize) -> io::Result<()> {
    let size = Winsize { ws_row: size.height, ws_col: size.width, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(rustix::termios::tcsetwinsize(terminal, size)?)
}
