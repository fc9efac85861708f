//! `init: true`: PID 1 stays a small process that reaps orphans and passes signals on (contract 1.9.6).
//!
//! It is this process, with the user, capabilities and filter of the container, and not an executable of the
//! host bound into it: so it works in every image, and the host's file is never within the container's reach.

use std::convert::Infallible;
use std::path::Path;

use rustix::process::{Pid, WaitOptions, getpid, setpgid, wait};
use rustix::termios::tcsetpgrp;

use super::apparmor::Confinement;
use super::channel::Channel;
use super::error::{At, SetupError};
use super::privileges;
use super::program::Program;
use super::terminal::Connected;
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::process::ExitStatus;
use crate::spec::Process;
use crate::sys::{self, MemoryMap};

/// What stands before the command in the command line of an init.
const SHOWN: [&str; 2] = ["/sbin/docker-init", "--"];
/// Longest `/proc/self/stat` in bytes; it has 52 numbers.
const MAX_STAT: u64 = 4096;

/// What is the init's own, made ready while the procfs of the launch is at hand.
pub(super) struct Init {
    confinement: Option<Confinement>,
    memory: MemoryMap,
    /// What `ps` shows, as in Docker: the words, each with a zero byte.
    command_line: Vec<u8>,
}

impl Init {
    pub(super) fn prepare(process: &Process, proc: &Root) -> Result<Self, SetupError> {
        let what = || "read what the init's memory is".to_owned();
        let stat = proc.read(Path::new("self/stat"), MAX_STAT).at(Stage::Settings, what)?;
        let words = SHOWN.into_iter().chain(process.arguments.iter().map(String::as_str));
        Ok(Self {
            confinement: Confinement::prepare(process.apparmor.as_deref(), proc)?,
            memory: MemoryMap::parse(&String::from_utf8_lossy(&stat)).at(Stage::Settings, what)?,
            command_line: words.flat_map(|word| word.bytes().chain([0])).collect(),
        })
    }

    /// Runs the program as PID 2 and ends as it ends. Returns only in the child, when the program cannot be
    /// executed.
    pub(super) fn supervise(
        self,
        program: Program,
        channel: &Channel,
        streams: Connected,
    ) -> Result<Infallible, SetupError> {
        // Before the fork, so that no signal is lost between the two.
        sys::block_all().at(Stage::Fork, || "block signals".into())?;
        match sys::fork_filtered().at(Stage::Fork, || "fork the command from its init".into())? {
            None => {
                lead_foreground().at(Stage::Fork, || "make the command a process group".into())?;
                sys::reset_signals();
                program.execute(channel, streams)
            }
            Some(pid) => self.look_after(pid),
        }
    }

    fn look_after(self, program: i32) -> ! {
        // Nothing of the host is to be read in the container, also when the kernel cannot show the whole command.
        sys::show_command_line(&self.memory, self.command_line);
        // Only a name for `ps`.
        let _cosmetic = rustix::thread::set_name(c"docker-init");
        let confined = self.confinement.map_or(Ok(()), Confinement::enter);
        // The streams end with the program, and the channel closes when it is executed.
        if confined.is_err() || privileges::forgo_capabilities().is_err() || sys::close_all_but(&[]).is_err()
        {
            sys::exit_now(1);
        }
        loop {
            match sys::wait_for_any() {
                Ok(libc::SIGCHLD) => reap(program),
                Ok(signal) => sys::kill(program, signal),
                Err(_) => sys::exit_now(1),
            }
        }
    }
}

/// A group of its own, so that a Ctrl-C of the terminal does not reach it twice, directly and passed on.
fn lead_foreground() -> rustix::io::Result<()> {
    setpgid(None, None)?;
    if rustix::termios::isatty(rustix::stdio::stdin()) {
        // SIGTTOU, which this would cause, is still blocked.
        tcsetpgrp(rustix::stdio::stdin(), getpid())?;
    }
    Ok(())
}

/// Reaps all that has ended, and ends as the program does, when it has.
fn reap(program: i32) {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if Pid::as_raw(Some(pid)) == program
            && let Some(status) = ExitStatus::from_wait_status(status.as_raw())
        {
            sys::exit_now(status.docker_code());
        }
    }
}
