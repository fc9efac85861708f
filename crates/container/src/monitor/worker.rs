//! The worker process: starting it, talking to it, noticing its end, and when to start it again.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};

use super::message::{Notice, Request};
use super::{WORKER_SOCKET, children, executable, socket};
use crate::process::ExitStatus;
use crate::sys::{self, Forked};

/// A worker that lived this long did not fail at its start.
const STEADY: Duration = Duration::from_secs(10);
/// The pause after a second failure in a row; doubled with each further one. After the first there is none.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// This many failures in a row are not bad luck.
const TOO_MANY_FAILURES: u32 = 5;

pub(super) struct Worker<'a> {
    arguments: &'a [OsString],
    running: Option<Running>,
    /// When to start the next one, while none runs.
    due: Instant,
    /// Quick ends in a row.
    failures: u32,
}

struct Running {
    pid: i32,
    pidfd: OwnedFd,
    socket: OwnedFd,
    started: Instant,
    /// The worker has closed its end: it is about to end, and there is nothing more to read.
    closed: bool,
    unsent: VecDeque<(Vec<u8>, Vec<OwnedFd>)>,
}

/// How a worker ended.
pub(super) struct WorkerEnd(ExitStatus);

impl WorkerEnd {
    pub(super) fn is_success(&self) -> bool {
        self.0 == ExitStatus::Code(0)
    }
}

impl fmt::Display for WorkerEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ExitStatus::Code(code) => write!(f, "exit status {code}"),
            ExitStatus::Signal(signal) => write!(f, "killed by {}", crate::signal::name(signal)),
        }
    }
}

impl<'a> Worker<'a> {
    pub(super) fn new(arguments: &'a [OsString]) -> Self {
        Self { arguments, running: None, due: Instant::now(), failures: 0 }
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.running.is_none() && now >= self.due
    }

    /// How long until the next start; none while one runs.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        self.running.is_none().then(|| self.due.saturating_duration_since(now))
    }

    pub(super) fn keeps_failing(&self) -> bool {
        self.failures >= TOO_MANY_FAILURES
    }

    /// The process to wait for, and its socket while that is open.
    pub(super) fn descriptors(&self) -> Option<(BorrowedFd<'_>, Option<BorrowedFd<'_>>)> {
        let running = self.running.as_ref()?;
        Some((running.pidfd.as_fd(), (!running.closed).then(|| running.socket.as_fd())))
    }

    /// Starts the worker; a failure counts as a quick end.
    pub(super) fn start(&mut self) {
        match spawn(self.arguments) {
            Ok(running) => self.running = Some(running),
            Err(_) => self.fail(),
        }
    }

    fn fail(&mut self) {
        self.failures += 1;
        let doublings = self.failures.saturating_sub(2).min(16);
        let pause = if self.failures < 2 { Duration::ZERO } else { FIRST_PAUSE * (1 << doublings) };
        self.due = Instant::now() + pause.min(LONGEST_PAUSE);
    }

    /// Queues a notice; lost when there is no worker, as the next one is told everything anyway.
    pub(super) fn send(&mut self, (notice, descriptors): (Notice, Vec<OwnedFd>)) {
        let Some(running) = &mut self.running else { return };
        if let Ok(message) = serde_json::to_vec(&notice) {
            running.unsent.push_back((message, descriptors));
        }
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.unsent.is_empty())
    }

    /// Sends what the socket takes now.
    pub(super) fn flush(&mut self) {
        let Some(running) = &mut self.running else { return };
        while let Some((message, descriptors)) = running.unsent.front() {
            let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
            match socket::send(running.socket.as_fd(), message, &borrowed, SendFlags::DONTWAIT) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Sent, or the worker is gone and its successor is told everything.
                Ok(()) | Err(_) => drop(running.unsent.pop_front()),
            }
        }
    }

    /// The next request, if there is one now.
    pub(super) fn receive(&mut self) -> Option<(Request, Vec<OwnedFd>)> {
        let running = self.running.as_mut()?;
        let Some((message, descriptors)) = socket::receive(running.socket.as_fd()).ok()? else {
            running.closed = true;
            return None;
        };
        // Both sides are the same program, so what does not parse comes from a worker that has lost its mind:
        // its successor starts afresh.
        match serde_json::from_slice(&message) {
            Ok(request) => Some((request, descriptors)),
            Err(_) => {
                sys::kill(running.pid, libc::SIGKILL);
                None
            }
        }
    }

    /// Sends SIGTERM; says whether there was somebody to send it to.
    pub(super) fn terminate(&self) -> bool {
        self.running.as_ref().inspect(|running| sys::kill(running.pid, libc::SIGTERM)).is_some()
    }

    /// Says how the worker ended, once.
    pub(super) fn reap(&mut self) -> Option<WorkerEnd> {
        let status = children::reap(self.running.as_ref()?.pidfd.as_fd())?;
        if self.running.take().is_some_and(|ended| ended.started.elapsed() >= STEADY) {
            self.failures = 0;
        }
        self.fail();
        Some(WorkerEnd(status))
    }
}

fn spawn(arguments: &[OsString]) -> io::Result<Running> {
    let arguments: Vec<_> =
        arguments.iter().cloned().map(executable::terminated).collect::<io::Result<_>>()?;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let monitor = rustix::process::getpid();
    match sys::fork(0, None)? {
        Forked::Parent { pid, pidfd } => Ok(Running {
            pid,
            pidfd,
            socket: ours,
            started: Instant::now(),
            closed: false,
            unsent: VecDeque::new(),
        }),
        Forked::Child => {
            let failed = become_worker(&arguments, &theirs, monitor);
            // There is no channel for this; the monitor sees a worker that ended at once.
            sys::exit_now(failed.raw_os_error().unwrap_or(1));
        }
    }
}

/// Returns only when it fails.
fn become_worker(
    arguments: &[std::ffi::CString],
    socket: &OwnedFd,
    monitor: rustix::process::Pid,
) -> io::Error {
    sys::reset_signals();
    // A worker without a monitor could do nothing but harm.
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
    {
        return error.into();
    }
    if rustix::process::getppid() != Some(monitor) {
        return io::ErrorKind::BrokenPipe.into();
    }
    match sys::pass_as(socket.as_fd(), WORKER_SOCKET) {
        Ok(()) => sys::execute_with_own_environment(c"/proc/self/exe", arguments),
        Err(error) => error,
    }
}
