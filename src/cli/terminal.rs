//! The terminal of the user while a program in a container has it, or this program reads single keys: modes, size.

use std::io::{self, stdin, stdout};
use std::sync::{Mutex, Once, PoisonError};

use console::Term;
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};

/// How the terminal on standard input was before it was changed; a panic, which drops nothing, finds it here.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// A changed mode of the terminal on standard input, until it is dropped. There is one at a time.
pub(super) struct TerminalMode {
    mode: Termios,
}

impl TerminalMode {
    /// Everything that is typed goes on as it is; for a program in a container.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub fn raw() -> io::Result<TerminalMode> {
        TerminalMode::enter(Termios::make_raw)
    }

    /// Keys come at once and are not shown; Ctrl-C and output are as always.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub fn keys() -> io::Result<TerminalMode> {
        TerminalMode::enter(|mode| {
            mode.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            mode.special_codes[SpecialCodeIndex::VMIN] = 1;
            mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        })
    }

    fn enter(change: impl FnOnce(&mut Termios)) -> io::Result<TerminalMode> {
        let before = tcgetattr(stdin())?;
        let mut mode = before.clone();
        change(&mut mode);
        restore_after_panic();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let entered = TerminalMode { mode };
        entered.apply()?;
        Ok(entered)
    }

    /// Sets the mode again: a shell that had the terminal meanwhile set its own.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn apply(&self) -> io::Result<()> {
        Ok(tcsetattr(stdin(), OptionalActions::Now, &self.mode)?)
    }
}

impl Drop for TerminalMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal the mode back that it had; for ends of the program that drop nothing.
pub(super) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // The terminal may be gone; then there is nothing to restore.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
    }
}

fn restore_after_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    });
}

/// Whether both ends of a conversation are a terminal.
pub(super) fn is_interactive() -> bool {
    isatty(stdin()) && isatty(stdout())
}

/// Whether keys typed on the terminal are for this program; one that the shell put in the background is stopped when it
/// reads them.
pub(super) fn is_in_foreground() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp())
}

/// Rows and columns.
pub(super) fn size() -> (u16, u16) {
    Term::stdout().size()
}
