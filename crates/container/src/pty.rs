//! The engine's side of a pseudo-terminal.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::termios::{Winsize, tcsetwinsize};

use crate::spec::TerminalSize;

/// Sets the window size; the foreground process gets SIGWINCH.
///
/// # Errors
/// `terminal` is no pseudo-terminal.
pub fn resize(terminal: BorrowedFd<'_>, size: TerminalSize) -> io::Result<()> {
    let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(tcsetwinsize(terminal, size)?)
}
