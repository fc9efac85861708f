//! The terminal of the user while a program in a container has it: raw mode, size.

use std::io::{self, stdin, stdout};

use console::Term;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// Puts the terminal on standard input into raw mode until it is dropped.
pub(super) struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    /// Enters raw mode.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub fn enter() -> io::Result<RawTerminal> {
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        Ok(RawTerminal { before })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to restore.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// Whether both ends of a conversation are a terminal.
pub(super) fn is_interactive() -> bool {
    isatty(stdin()) && isatty(stdout())
}

/// Rows and columns.
pub(super) fn size() -> (u16, u16) {
    Term::stdout().size()
}
