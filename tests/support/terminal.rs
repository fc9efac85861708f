//! A terminal for commands that behave otherwise on one.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::wait_for;

/// Both sides of a terminal of 24 rows and 100 columns.
pub struct Terminal {
    keyboard: File,
    line: OwnedFd,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    pub fn new() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let line = ioctl_tiocgptpeer(&keyboard, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        tcsetwinsize(&line, Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let keyboard = File::from(keyboard);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, collected) = (keyboard.try_clone().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut piece) {
                collected.lock().unwrap().extend_from_slice(&piece[..count]);
            }
        });
        Self { keyboard, line, shown }
    }

    /// Starts a command whose controlling terminal this is.
    pub fn begin(&self, command: &Command) -> Child {
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        session.current_dir(command.get_current_dir().unwrap()).env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        let line = || self.line.try_clone().unwrap();
        session.stdin(line()).stdout(line()).stderr(line()).spawn().unwrap()
    }

    pub fn press(&self, keys: &str) {
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
    }

    /// Everything that was shown so far.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// The same without colours and movements of the cursor.
    pub fn text(&self) -> String {
        console::strip_ansi_codes(&self.raw()).into_owned()
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        wait_for(&format!("{text:?} is shown"), 60, || self.text().contains(text).then_some(()));
    }

    /// Whether it is as a shell wants it: lines are edited, and what is typed is seen.
    pub fn is_usual(&self) -> bool {
        tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Makes it as a shell does when it gets it back.
    pub fn make_usual(&self) {
        let mut mode = tcgetattr(&self.line).unwrap();
        mode.local_modes.insert(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&self.line, OptionalActions::Now, &mode).unwrap();
    }
}
