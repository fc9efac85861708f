//! The worker's end of the socket to the monitor.
//!
//! No policy: it says what the engine wants and hands over what the monitor says. It waits only in
//! [`MonitorLink::receive_wait`].

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::retry_on_intr;
use rustix::net::SendFlags;
use serde::Serialize;

use crate::launch_failure::LaunchFailure;
use crate::monitor::WORKER_SOCKET;
use crate::monitor::message::{Descriptors, Launch, Notice, PidNamespace, Request, Role};
use crate::monitor::socket;
use crate::process::{ExitStatus, Identity, Pidfd};
use crate::spec::{ContainerSpec, ExecSpec, Namespace};
use crate::stdio::{ChildStdio, ParentStdio};
use crate::sys;

/// The worker's connection to the monitor. All methods take `&self` and may be called from any thread.
#[derive(Debug)]
pub struct MonitorLink(OwnedFd);

/// What the monitor tells.
#[derive(Debug)]
pub enum Event {
    /// A launch succeeded: the process was executed.
    Launched(Launched),
    /// A launch failed; the monitor keeps nothing of it. The cgroup may exist: remove it.
    Failed(LaunchFailure),
    /// A launched process ended. Answer with [`MonitorLink::forget`] once that is on disk; until then the
    /// monitor repeats it to every new worker (in [`Adopted::status`]).
    Exited {
        /// Which launch.
        id: String,
        /// How.
        status: ExitStatus,
    },
    /// A process that an earlier worker launched and did not forget.
    Adopted(Adopted),
    /// A descriptor that an earlier worker asked to hold.
    Held {
        /// Its key.
        key: String,
        /// The descriptor.
        descriptor: OwnedFd,
    },
    /// Everything from before this worker has been told. Always the last of them, also when there are none.
    AdoptionComplete,
}

/// A process that runs.
#[derive(Debug)]
pub struct Launched {
    /// Which launch.
    pub id: String,
    /// The process.
    pub identity: Identity,
    /// Readable when the process ends.
    pub pidfd: Pidfd,
    /// The engine's side of the pseudo-terminal, when the process has one.
    pub terminal: Option<OwnedFd>,
}

/// A process from before this worker.
#[derive(Debug)]
pub struct Adopted {
    /// Which launch.
    pub id: String,
    /// The process.
    pub identity: Identity,
    /// How it ended, when it has ended.
    pub status: Option<ExitStatus>,
    /// The process, while it runs.
    pub pidfd: Option<Pidfd>,
    /// The engine's ends of its streams.
    pub stdio: ParentStdio,
    /// The engine's side of its pseudo-terminal.
    pub terminal: Option<OwnedFd>,
}

impl MonitorLink {
    /// Takes over the socket that the monitor passed to this process as descriptor 3. Call it once, at the
    /// start.
    ///
    /// # Errors
    /// This process has no such descriptor: it was not started by a monitor.
    pub fn from_inherited() -> io::Result<Self> {
        Ok(Self(sys::adopt_inherited(WORKER_SOCKET)?))
    }

    /// Starts a container. `kept` are copies of the engine's ends for the monitor to keep; `network` is the
    /// namespace when the spec says [`crate::spec::NetworkNamespace::Given`].
    ///
    /// Answered by [`Event::Launched`] or [`Event::Failed`] with the id of the spec. An id that still runs
    /// fails.
    ///
    /// # Errors
    /// The monitor is gone, or this process has no free descriptor.
    pub fn launch(
        &self,
        spec: &ContainerSpec,
        child: ChildStdio,
        kept: ParentStdio,
        network: Option<OwnedFd>,
    ) -> io::Result<()> {
        let pid_namespace = match spec.namespaces.pid {
            Namespace::New => PidNamespace::New,
            Namespace::Host => PidNamespace::Host,
            Namespace::Join(_) => PidNamespace::Join,
        };
        let mut descriptors = Descriptors::default();
        descriptors.add(Role::Network, network);
        descriptors.add_child_stdio(child);
        descriptors.add_parent_stdio(kept);
        let cgroup = (pid_namespace != PidNamespace::Join)
            .then(|| (spec.cgroup.parent.clone(), spec.cgroup.name.clone()));
        let launch =
            Launch { id: spec.id.clone(), pid_namespace, cgroup, transient: false, descriptors: Vec::new() };
        self.start(launch, SpecReference::Container(spec), descriptors)
    }

    /// Starts one more process in a running container, under an `id` of its own; answered as
    /// [`Self::launch`].
    ///
    /// # Errors
    /// As [`Self::launch`].
    pub fn exec(&self, id: &str, spec: &ExecSpec, child: ChildStdio, kept: ParentStdio) -> io::Result<()> {
        let mut descriptors = Descriptors::default();
        descriptors.add_child_stdio(child);
        descriptors.add_parent_stdio(kept);
        self.start(exec_launch(id, false), SpecReference::Exec(spec), descriptors)
    }

    /// As [`Self::exec`], for a process that means nothing to a later worker: the monitor keeps none of its streams, and forgets
    /// it by itself when it has told how it ended.
    ///
    /// # Errors
    /// As [`Self::launch`].
    pub fn exec_transient(&self, id: &str, spec: &ExecSpec, child: ChildStdio) -> io::Result<()> {
        let mut descriptors = Descriptors::default();
        descriptors.add_child_stdio(child);
        self.start(exec_launch(id, true), SpecReference::Exec(spec), descriptors)
    }

    fn start(
        &self,
        mut launch: Launch,
        spec: SpecReference<'_>,
        mut descriptors: Descriptors,
    ) -> io::Result<()> {
        descriptors.add(Role::Spec, Some(spec.write()?));
        launch.descriptors = descriptors.roles();
        self.send(&Request::Launch(launch), descriptors.into_owned())
    }

    /// Drops the monitor's copy of the write end of a process's stdin, so that closing ours is an end of
    /// file.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn close_stdin(&self, id: &str) -> io::Result<()> {
        self.send(&Request::CloseStdin { id: id.to_owned() }, Vec::new())
    }

    /// Tells the monitor to drop what it keeps of a process: after its end was recorded, or to never hear of
    /// it.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn forget(&self, id: &str) -> io::Result<()> {
        self.send(&Request::Forget { id: id.to_owned() }, Vec::new())
    }

    /// Has the monitor keep `descriptor` for the next worker under `key`, replacing an earlier one.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn hold(&self, key: &str, descriptor: OwnedFd) -> io::Result<()> {
        self.send(&Request::Hold { key: key.to_owned() }, vec![descriptor])
    }

    /// Has the monitor close the descriptor of `key`.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn release(&self, key: &str) -> io::Result<()> {
        self.send(&Request::Release { key: key.to_owned() }, Vec::new())
    }

    /// Announces that this worker is about to end with status 0 and that the monitor shall end with it.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn shutdown(&self) -> io::Result<()> {
        self.send(&Request::Shutdown, Vec::new())
    }

    /// The next event, without waiting. None: the monitor is gone.
    ///
    /// # Errors
    /// `WouldBlock` when there is none now; `InvalidData` when it is malformed.
    pub fn receive(&self) -> io::Result<Option<Event>> {
        let Some((message, descriptors)) = socket::receive(self.0.as_fd())? else { return Ok(None) };
        let notice = serde_json::from_slice(&message).map_err(io::Error::from)?;
        into_event(notice, descriptors).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The next event, waiting for it; for programs without an event loop. None: the monitor is gone.
    ///
    /// # Errors
    /// As [`Self::receive`], without `WouldBlock`.
    pub fn receive_wait(&self) -> io::Result<Option<Event>> {
        loop {
            match self.receive() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            // The worker's signals may be handled on any of its threads, so on this one too.
            retry_on_intr(|| poll(&mut [PollFd::new(&self.0, PollFlags::IN)], None))?;
        }
    }

    /// The monitor never waits for the worker, so this blocks for a moment at most.
    fn send(&self, request: &Request, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        let message = serde_json::to_vec(request)?;
        let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
        socket::send(self.0.as_fd(), &message, &borrowed, SendFlags::empty())
    }
}

impl From<OwnedFd> for MonitorLink {
    /// Takes a socket that a worker got from its monitor.
    fn from(socket: OwnedFd) -> Self {
        Self(socket)
    }
}

impl AsFd for MonitorLink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for MonitorLink {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn exec_launch(id: &str, transient: bool) -> Launch {
    let (id, pid_namespace) = (id.to_owned(), PidNamespace::Join);
    Launch { id, pid_namespace, cgroup: None, transient, descriptors: Vec::new() }
}

/// A spec on its way to the child; read back as `launch::Document`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum SpecReference<'a> {
    Container(&'a ContainerSpec),
    Exec(&'a ExecSpec),
}

impl SpecReference<'_> {
    /// A memory file with the JSON, because a spec can be longer than a datagram.
    fn write(&self) -> io::Result<OwnedFd> {
        let memory = rustix::fs::memfd_create("spec", rustix::fs::MemfdFlags::CLOEXEC)?;
        let text = serde_json::to_vec(self)?;
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let written = rustix::io::write(&memory, rest)?;
            rest = &rest[written..];
        }
        rustix::fs::seek(&memory, rustix::fs::SeekFrom::Start(0))?;
        Ok(memory)
    }
}

fn into_event(notice: Notice, descriptors: Vec<OwnedFd>) -> Option<Event> {
    Some(match notice {
        Notice::Launched { id, identity, descriptors: roles } => {
            let mut descriptors = Descriptors::pair(roles, descriptors)?;
            let pidfd = descriptors.take(Role::Pidfd)?.into();
            Event::Launched(Launched { id, identity, pidfd, terminal: descriptors.take(Role::Terminal) })
        }
        Notice::Failed(failure) => Event::Failed(failure),
        Notice::Exited { id, status } => Event::Exited { id, status },
        Notice::Adopted { id, identity, status, descriptors: roles } => {
            let mut descriptors = Descriptors::pair(roles, descriptors)?;
            Event::Adopted(Adopted {
                id,
                identity,
                status,
                pidfd: descriptors.take(Role::Pidfd).map(Pidfd::from),
                stdio: descriptors.take_parent_stdio(),
                terminal: descriptors.take(Role::Terminal),
            })
        }
        Notice::Held { key } => Event::Held { key, descriptor: descriptors.into_iter().next()? },
        Notice::AdoptionComplete => Event::AdoptionComplete,
    })
}
