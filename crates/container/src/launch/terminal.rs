//! The standard streams: pipes as they were sent, or a pseudo-terminal of the container's own devpts.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};

use super::channel::Channel;
use super::error::{At, SetupError};
use super::mount_api::{attach, copy_mount};
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::pty;
use crate::spec::TerminalSize;
use crate::stdio::{self, ChildStdio};

const STAGE: Stage = Stage::Terminal;

/// The streams are 0, 1 and 2; this says so to the code that needs them there.
pub(super) struct Connected(());

/// Puts the streams in place. A process with a terminal leads a session of its own; one without does so too,
/// as in Docker.
pub(super) fn connect(
    size: Option<TerminalSize>,
    streams: ChildStdio,
    root: &Root,
    channel: &Channel,
) -> Result<Connected, SetupError> {
    rustix::process::setsid().at(STAGE, || "make a session".into())?;
    match size {
        Some(size) => open_terminal(size, root, channel)?,
        None => use_streams(streams, root)?,
    }
    Ok(Connected(()))
}

fn use_streams(streams: ChildStdio, root: &Root) -> Result<(), SetupError> {
    let what = || "connect the standard streams".to_owned();
    let or_null = |stream: Option<OwnedFd>| match stream {
        Some(stream) => Ok(stream),
        None => stdio::open_null(root.as_fd(), "dev/null").at(STAGE, || "open the null device".into()),
    };
    let (stdin, stdout, stderr) =
        (or_null(streams.stdin)?, or_null(streams.stdout)?, or_null(streams.stderr)?);
    rustix::stdio::dup2_stdin(stdin).at(STAGE, what)?;
    rustix::stdio::dup2_stdout(stdout).at(STAGE, what)?;
    rustix::stdio::dup2_stderr(stderr).at(STAGE, what)
}

/// The peer comes from the master itself, never by a path that the container could have changed
/// (CVE-2025-52565).
fn open_terminal(size: TerminalSize, root: &Root, channel: &Channel) -> Result<(), SetupError> {
    let what = || "open a pseudo-terminal".to_owned();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let master = root.open_with(Path::new("/dev/pts/ptmx"), flags, Mode::empty()).at(STAGE, what)?;
    unlockpt(&master).at(STAGE, what)?;
    let peer = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
    let peer = peer.at(STAGE, what)?;
    pty::resize(master.as_fd(), size).at(STAGE, || "set the terminal's size".into())?;
    channel.send_terminal(master.as_fd()).at(STAGE, || "hand the terminal over".into())?;
    rustix::process::ioctl_tiocsctty(&peer).at(STAGE, || "make it the controlling terminal".into())?;
    rustix::stdio::dup2_stdin(&peer).at(STAGE, what)?;
    rustix::stdio::dup2_stdout(&peer).at(STAGE, what)?;
    rustix::stdio::dup2_stderr(&peer).at(STAGE, what)
}

/// Binds the terminal to `/dev/console` (contract 1.4.1), for the first process of a container only.
pub(super) fn mount_console(root: &Root) -> Result<(), SetupError> {
    let what = || "bind the terminal to /dev/console".to_owned();
    let console = root.create_file(Path::new("/dev/console"), Mode::from_raw_mode(0o600)).at(STAGE, what)?;
    let copy = copy_mount(stdin(), false).at(STAGE, what)?;
    attach(copy.as_fd(), console.as_fd()).at(STAGE, what)
}

fn stdin() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}
