//! A line that stays under everything else on a terminal.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::progress::{Progress, ProgressEvent};

/// The last line of the screen. Whatever else is written goes through [`Footer::around`], or it stands in the line.
#[derive(Debug, Default)]
pub struct Footer {
    text: Mutex<Option<String>>,
}

impl Footer {
    /// Shows a line, in place of the one before; it is cut where the terminal ends.
    pub fn show(&self, text: String) {
        let mut shown = self.text();
        if shown.is_some() {
            erase();
        }
        draw(&text);
        *shown = Some(text);
    }

    /// Takes it away.
    pub fn hide(&self) {
        if self.text().take().is_some() {
            erase();
        }
    }

    /// Writes something, in whole lines, above it.
    pub fn around(&self, write: &mut dyn FnMut()) {
        let shown = self.text();
        let Some(text) = shown.as_ref() else { return write() };
        erase();
        write();
        draw(text);
    }

    fn text(&self) -> MutexGuard<'_, Option<String>> {
        // A panic while drawing leaves the text as it was.
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A terminal that went away is not an error of ours.
fn erase() {
    write("\r\x1b[K");
}

fn draw(text: &str) {
    let columns = usize::from(console::Term::stdout().size().1);
    // A cursor behind the last column would begin a line of its own.
    write(&console::truncate_str(text, columns.saturating_sub(1), ""));
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Progress that is written above a footer.
pub struct AboveFooter {
    /// What is written.
    pub progress: Arc<dyn Progress>,
    /// What stays under it.
    pub footer: Arc<Footer>,
}

impl Progress for AboveFooter {
    fn event(&self, event: &ProgressEvent) {
        self.footer.around(&mut || self.progress.event(event));
    }

    fn line(&self, id: &str, text: &str) {
        self.footer.around(&mut || self.progress.line(id, text));
    }

    fn warning(&self, text: &str) {
        self.footer.around(&mut || self.progress.warning(text));
    }

    fn aside(&self, write: &mut dyn FnMut()) {
        self.footer.around(&mut || self.progress.aside(write));
    }

    fn finish(&self) {
        self.footer.around(&mut || self.progress.finish());
    }
}
