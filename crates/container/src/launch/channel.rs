//! What the child tells the monitor, over a socket of its own that closes when the command is executed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};
use serde::{Deserialize, Serialize};

use super::error::SetupError;
use crate::launch_failure::Stage;
use crate::monitor::socket;

/// One message from the child.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// The process that was asked for is not this one but its sibling `pid`; its descriptor comes along.
    Forked { pid: i32 },
    /// The root file system comes along, to be let go of by [`crate::monitor`] without anybody waiting for
    /// it.
    Root,
    /// The engine's side of the pseudo-terminal comes along.
    Terminal,
    /// The next thing is the execution of the command. A failure may still follow.
    Ready,
    /// The child gave up.
    Failed { stage: Stage, message: String, exit_code: i32 },
}

/// The child's end.
#[derive(Debug)]
pub(crate) struct Channel(OwnedFd);

/// A connected pair: the monitor's end and the child's.
pub(crate) fn pair() -> io::Result<(OwnedFd, Channel)> {
    let (monitor, child) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    Ok((monitor, Channel(child)))
}

impl Channel {
    pub(super) fn send_forked(&self, pid: i32, pidfd: BorrowedFd<'_>) -> io::Result<()> {
        self.send(&Report::Forked { pid }, &[pidfd])
    }

    pub(super) fn send_root(&self, root: BorrowedFd<'_>) -> io::Result<()> {
        self.send(&Report::Root, &[root])
    }

    pub(super) fn send_terminal(&self, terminal: BorrowedFd<'_>) -> io::Result<()> {
        self.send(&Report::Terminal, &[terminal])
    }

    pub(super) fn send_ready(&self) -> io::Result<()> {
        self.send(&Report::Ready, &[])
    }

    pub(super) fn send_failed(&self, error: SetupError) -> io::Result<()> {
        let SetupError { stage, mut message, exit_code } = error;
        // A path in it can be as long as its writer liked, and JSON makes six bytes of some.
        message.truncate(message.floor_char_boundary(2048));
        self.send(&Report::Failed { stage, message, exit_code }, &[])
    }

    fn send(&self, report: &Report, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let message = serde_json::to_vec(report)?;
        socket::send(self.0.as_fd(), &message, descriptors, SendFlags::empty())
    }
}

/// The next message at the monitor's end, without waiting. None: the child has executed its command, or died.
///
/// # Errors
/// `WouldBlock` when there is none now.
pub(crate) fn receive(monitor: BorrowedFd<'_>) -> io::Result<Option<(Report, Option<OwnedFd>)>> {
    let Some((message, descriptors)) = socket::receive(monitor)? else { return Ok(None) };
    Ok(Some((serde_json::from_slice(&message)?, descriptors.into_iter().next())))
}
