//! Requests to the monitor paired with its answers.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use wharf_container::client::{self, Event, MonitorLink};
use wharf_container::process::{ExitStatus, Identity, Pidfd};
use wharf_container::spec::{ContainerSpec, ExecSpec};
use wharf_container::stdio::{ChildStdio, ParentStdio};
use wharf_container::{LaunchFailure, Stage};

/// Why a process could not be launched.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// Its own set-up failed.
    #[error(transparent)]
    Failed(#[from] LaunchFailure),
    /// The monitor could not be asked.
    #[error("cannot reach the monitor")]
    Monitor(#[source] io::Error),
}

impl LaunchError {
    /// The exit code that Docker reports (contract 1.11.5).
    pub fn exit_code(&self) -> i32 {
        match self {
            LaunchError::Failed(failure) => failure.exit_code,
            LaunchError::Monitor(_) => 128,
        }
    }

    /// The step that failed; `None` when nothing was tried.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            LaunchError::Failed(failure) => Some(failure.stage),
            LaunchError::Monitor(_) => None,
        }
    }
}

/// A process that runs or has run.
#[derive(Debug)]
pub struct Process {
    /// Which launch.
    pub id: String,
    /// Its name over time.
    pub identity: Identity,
    /// For signals.
    pub pidfd: Option<Pidfd>,
    /// The engine's side of its terminal.
    pub terminal: Option<OwnedFd>,
    /// Tells once how it ended. Closed without an answer when the monitor is gone.
    pub exited: oneshot::Receiver<ExitStatus>,
}

/// A process from before this worker.
#[derive(Debug)]
pub struct Adopted {
    /// The process.
    pub process: Process,
    /// The engine's ends of its streams.
    pub stdio: ParentStdio,
}

/// Everything that the monitor kept from before this worker.
#[derive(Debug, Default)]
pub struct Adoption {
    /// Processes by the id of their launch.
    pub processes: HashMap<String, Adopted>,
    /// Descriptors by key.
    pub held: HashMap<String, OwnedFd>,
}

/// The monitor, as the engine sees it; clones share it.
#[derive(Clone)]
pub struct Processes {
    shared: Arc<Shared>,
}

struct Shared {
    link: MonitorLink,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    launches: HashMap<String, oneshot::Sender<Result<Process, LaunchFailure>>>,
    exits: HashMap<String, oneshot::Sender<ExitStatus>>,
}

impl Processes {
    /// Takes over what the monitor kept; waits until it has told everything.
    ///
    /// # Errors
    /// The monitor is gone or speaks another language.
    pub fn open(link: MonitorLink) -> io::Result<(Processes, Adoption)> {
        let processes = Processes { shared: Arc::new(Shared { link, waiting: Mutex::default() }) };
        let mut adoption = Adoption::default();
        loop {
            match processes.shared.link.receive_wait()? {
                None => return Err(io::ErrorKind::BrokenPipe.into()),
                Some(Event::AdoptionComplete) => return Ok((processes, adoption)),
                Some(Event::Adopted(adopted)) => processes.adopt(&mut adoption, adopted),
                Some(Event::Held { key, descriptor }) => _ = adoption.held.insert(key, descriptor),
                Some(event) => processes.handle(event),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn adopt(&self, adoption: &mut Adoption, adopted: client::Adopted) {
        let (sender, exited) = oneshot::channel();
        match adopted.status {
            // The receiver is in this very function; it cannot be gone.
            Some(status) => _ = sender.send(status),
            None => _ = self.lock().exits.insert(adopted.id.clone(), sender),
        }
        let process = Process {
            id: adopted.id.clone(),
            identity: adopted.identity,
            pidfd: adopted.pidfd,
            terminal: adopted.terminal,
            exited,
        };
        adoption.processes.insert(adopted.id, Adopted { process, stdio: adopted.stdio });
    }

    /// Handles what the monitor says; returns when it is gone. For a thread of its own: an answer costs no turn of the
    /// async runtime, and a busy runtime delays none.
    ///
    /// # Errors
    /// The socket broke or a message was malformed.
    pub fn listen(&self) -> io::Result<()> {
        while let Some(event) = self.shared.link.receive_wait()? {
            self.handle(event);
        }
        Ok(())
    }

    fn handle(&self, event: Event) {
        let mut waiting = self.lock();
        match event {
            Event::Launched(launched) => {
                let (sender, exited) = oneshot::channel();
                waiting.exits.insert(launched.id.clone(), sender);
                let process = Process {
                    id: launched.id.clone(),
                    identity: launched.identity,
                    pidfd: Some(launched.pidfd),
                    terminal: launched.terminal,
                    exited,
                };
                answer(waiting.launches.remove(&launched.id), Ok(process));
            }
            Event::Failed(failure) => answer(waiting.launches.remove(&failure.id), Err(failure)),
            Event::Exited { id, status } => answer(waiting.exits.remove(&id), status),
            // Told once, before this runs.
            Event::Adopted(_) | Event::Held { .. } | Event::AdoptionComplete => {}
        }
    }

    /// Launches a container; `network` as in [`MonitorLink::launch`].
    ///
    /// # Errors
    /// It could not be set up or executed.
    pub async fn launch(
        &self,
        spec: &ContainerSpec,
        child: ChildStdio,
        kept: ParentStdio,
        network: Option<OwnedFd>,
    ) -> Result<Process, LaunchError> {
        let answer = self.expect(&spec.id);
        let sent = self.shared.link.launch(spec, child, kept, network);
        self.launched(&spec.id, sent, answer).await
    }

    /// Launches a process in a running container under `id`.
    ///
    /// # Errors
    /// It could not be set up or executed.
    pub async fn exec(
        &self,
        id: &str,
        spec: &ExecSpec,
        child: ChildStdio,
        kept: ParentStdio,
    ) -> Result<Process, LaunchError> {
        let answer = self.expect(id);
        let sent = self.shared.link.exec(id, spec, child, kept);
        self.launched(id, sent, answer).await
    }

    /// Launches a process that means nothing to a later worker, and that need not be forgotten when it has ended.
    ///
    /// # Errors
    /// It could not be set up or executed.
    pub async fn exec_transient(
        &self,
        id: &str,
        spec: &ExecSpec,
        child: ChildStdio,
    ) -> Result<Process, LaunchError> {
        let answer = self.expect(id);
        let sent = self.shared.link.exec_transient(id, spec, child);
        self.launched(id, sent, answer).await
    }

    fn expect(&self, id: &str) -> oneshot::Receiver<Result<Process, LaunchFailure>> {
        let (sender, receiver) = oneshot::channel();
        self.lock().launches.insert(id.to_owned(), sender);
        receiver
    }

    async fn launched(
        &self,
        id: &str,
        sent: io::Result<()>,
        answer: oneshot::Receiver<Result<Process, LaunchFailure>>,
    ) -> Result<Process, LaunchError> {
        if let Err(error) = sent {
            self.lock().launches.remove(id);
            return Err(LaunchError::Monitor(error));
        }
        match answer.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(LaunchError::Monitor(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// The end of a process is on disk: the monitor drops what it keeps of it.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn forget(&self, id: &str) -> io::Result<()> {
        self.shared.link.forget(id)
    }

    /// See [`MonitorLink::close_stdin`].
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn close_stdin(&self, id: &str) -> io::Result<()> {
        self.shared.link.close_stdin(id)
    }

    /// See [`MonitorLink::hold`].
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn hold(&self, key: &str, descriptor: OwnedFd) -> io::Result<()> {
        self.shared.link.hold(key, descriptor)
    }

    /// See [`MonitorLink::release`].
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn release(&self, key: &str) -> io::Result<()> {
        self.shared.link.release(key)
    }

    /// The engine ends: the monitor shall end with this worker.
    ///
    /// # Errors
    /// The monitor is gone.
    pub fn shutdown(&self) -> io::Result<()> {
        self.shared.link.shutdown()
    }
}

/// Who asked may have gone away; then nobody needs the answer.
fn answer<T>(asked: Option<oneshot::Sender<T>>, answer: T) {
    if let Some(sender) = asked {
        let _ = sender.send(answer);
    }
}
