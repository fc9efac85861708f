//! The keys of an attached `up`: `d` leaves it, `w` switches the watch. A line under the output says so.

use std::sync::Arc;

use console::Style as Paint;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::UpArgs;
use crate::cli::settings::means_yes;
use crate::cli::terminal::{self, TerminalMode};
use crate::cli::{Context, stdio};
use crate::output::{AnsiMode, Footer};

/// The menu of a terminal.
pub(super) struct Menu {
    /// The line.
    pub footer: Arc<Footer>,
    items: Vec<(char, &'static str)>,
    colours: bool,
    mode: TerminalMode,
    keys: mpsc::Receiver<Vec<u8>>,
    typed: Vec<u8>,
    continued: Signal,
    resized: Signal,
}

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// To leave; containers go on.
    Detach,
    /// To switch the watch on or off.
    Watch,
    /// An empty line, to see what comes after it.
    Line,
}

impl Menu {
    /// Takes the terminal's keys, where there is a terminal and nobody said that there shall be no menu; the error is why
    /// there is none though it was asked for.
    pub fn open(context: &Context, args: &UpArgs) -> Result<Option<Menu>, String> {
        let wanted = args.menu.or_else(|| context.variable("COMPOSE_MENU").map(means_yes));
        if wanted == Some(false) {
            return Ok(None);
        }
        let opened = match possible(context) {
            Ok(()) => Menu::take_keys(context.style.stdout).map_err(|error| error.to_string()),
            Err(reason) => Err(reason.to_owned()),
        };
        match opened {
            Ok(menu) => Ok(Some(menu)),
            Err(reason) if wanted == Some(true) => Err(format!("there is no menu of keys: {reason}")),
            Err(_) => Ok(None),
        }
    }

    fn take_keys(colours: bool) -> std::io::Result<Menu> {
        let (continued, resized) = (signal(cont())?, signal(SignalKind::window_change())?);
        let mode = TerminalMode::keys()?;
        restore_at(SignalKind::hangup())?;
        restore_at(SignalKind::quit())?;
        let (footer, keys) = (Arc::default(), stdio::standard_input());
        Ok(Menu { footer, items: Vec::new(), colours, mode, keys, typed: Vec::new(), continued, resized })
    }

    /// Shows what the keys do now.
    pub fn show(&mut self, items: Vec<(char, &'static str)>) {
        self.items = items;
        self.draw();
    }

    fn draw(&self) {
        let (key, text) = if self.colours {
            (Paint::new().bold().reverse(), Paint::new().dim())
        } else {
            (Paint::new(), Paint::new())
        };
        let one = |(name, what): &(char, &str)| {
            let key = key.apply_to(name).force_styling(self.colours);
            format!("{key} {}", text.apply_to(what).force_styling(self.colours))
        };
        self.footer.show(self.items.iter().map(one).collect::<Vec<_>>().join("   "));
    }

    /// The next key that means something. May be dropped at any point without loss.
    pub async fn key(&mut self) -> Key {
        loop {
            if let Some(key) = self.typed.pop().and_then(meaning) {
                return key;
            }
            if !self.typed.is_empty() {
                continue;
            }
            tokio::select! {
                Some(typed) = self.keys.recv() => self.typed = typed.into_iter().rev().collect(),
                Some(()) = self.continued.recv() => {
                    // A terminal that is gone shows nothing any more.
                    let _ = self.mode.apply();
                    self.draw();
                }
                Some(()) = self.resized.recv() => self.draw(),
                else => std::future::pending().await,
            }
        }
    }
}

impl Drop for Menu {
    fn drop(&mut self) {
        self.footer.hide();
    }
}

/// Why keys cannot be read or the line not be drawn.
fn possible(context: &Context) -> Result<(), &'static str> {
    if !terminal::is_interactive() {
        return Err("standard input and output are not a terminal");
    }
    if context.settings.ansi == AnsiMode::Never || context.variable("TERM") == Some("dumb") {
        return Err("the terminal's cursor must not be moved (--ansi never, TERM=dumb)");
    }
    if !terminal::is_in_foreground() {
        return Err("the terminal is another job's");
    }
    Ok(())
}

/// The signal with which a shell lets a stopped job go on.
fn cont() -> SignalKind {
    SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())
}

/// Ends as the signal does, but with the terminal as it was. Containers go on.
fn restore_at(kind: SignalKind) -> std::io::Result<()> {
    let mut arrivals = signal(kind)?;
    tokio::spawn(async move {
        if arrivals.recv().await.is_some() {
            terminal::restore();
            std::process::exit(128 + kind.as_raw_value());
        }
    });
    Ok(())
}

fn meaning(byte: u8) -> Option<Key> {
    match byte {
        b'd' | b'D' => Some(Key::Detach),
        b'w' | b'W' => Some(Key::Watch),
        b'\r' | b'\n' => Some(Key::Line),
        _ => None,
    }
}
