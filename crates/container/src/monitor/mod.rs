//! The monitor: the parent of every container.
//!
//! One thread, one loop around `poll(2)`. It forks a child per launch and never waits for one, reaps, keeps
//! the engine's ends of the streams and whatever else the worker asks it to hold, and restarts the worker. It
//! takes no decision about containers: what is to be started, stopped or restarted is the worker's business.

mod children;
mod executable;
pub(crate) mod limits;
pub(crate) mod message;
pub(crate) mod socket;
mod worker;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cgroup::Hierarchies;
use crate::{seccomp, sys};
use children::Children;
use message::{Notice, Request};
use worker::{Worker, WorkerEnd};

/// The descriptor number under which a worker finds its socket.
pub(crate) const WORKER_SOCKET: RawFd = 3;

/// What a monitor needs to know.
#[derive(Debug, Clone)]
pub struct MonitorConfig {
    /// The arguments of the worker, its name first. Its program is this very executable.
    pub worker_arguments: Vec<OsString>,
}

/// Why a monitor ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// This process has threads, so it must not fork.
    #[error("the monitor must be started before any thread")]
    Threads,
    /// A preparation failed.
    #[error("cannot {operation}")]
    Prepare {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The worker ended again and again at once, and there is no container that it would be needed for.
    #[error("the worker does not stay up; its last end: {0}")]
    WorkerFails(String),
    /// Waiting for events failed.
    #[error("cannot wait for events")]
    Wait(#[source] io::Error),
}

/// Runs the monitor until its worker has announced its end and ended with status 0, or until a signal ends
/// both.
///
/// The process must have one thread. Call this early: the program starts over before it becomes the monitor
/// (see below), and what it did until here, it does twice.
///
/// It gets a mount namespace of its own, in which it only receives what the host mounts; and if its
/// executable is on a writable mount, it executes itself once more from a read-only one, so that no container
/// can write to it through `/proc/<pid>/exe` (contract 10.1, CVE-2019-5736).
///
/// SIGTERM, SIGINT and SIGHUP go to the worker as SIGTERM; containers are left alone, also when the monitor
/// dies.
///
/// # Errors
/// The process has threads, lacks privileges, or the worker does not stay up.
pub fn run(config: &MonitorConfig) -> Result<(), MonitorError> {
    let prepare = |operation| move |source| MonitorError::Prepare { operation, source };
    if !sys::is_single_threaded().map_err(prepare("count threads"))? {
        return Err(MonitorError::Threads);
    }
    executable::protect().map_err(prepare("execute from a read-only mount"))?;
    executable::enter_private_mount_namespace().map_err(prepare("make a private mount namespace"))?;
    limits::raise_open_files().map_err(prepare("raise the limit of open files"))?;
    // Only a name for `ps`: executing a descriptor leaves none.
    let _cosmetic = rustix::thread::set_name(c"wharf-monitor");
    // Children inherit both, and so do not have to find out themselves.
    Hierarchies::of_this_host().map_err(prepare("find the cgroup mounts"))?;
    let _compiled = seccomp::usual_filter();
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|error| prepare("make this process untraceable")(error.into()))?;
    let signals = sys::block_and_watch(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP])
        .map_err(prepare("watch for signals"))?;
    Monitor::new(config, signals).run()
}

struct Monitor<'a> {
    worker: Worker<'a>,
    children: Children,
    /// Descriptors kept for the worker.
    held: BTreeMap<String, OwnedFd>,
    signals: OwnedFd,
    /// Whether the worker has yet to be told that it knows everything.
    adopting: bool,
    /// Whether the worker announced the end.
    ending: bool,
}

/// What woke the loop up.
struct Ready {
    signals: bool,
    worker: bool,
    /// In the order of [`Children::polled`].
    children: Vec<bool>,
}

impl<'a> Monitor<'a> {
    fn new(config: &'a MonitorConfig, signals: OwnedFd) -> Self {
        Self {
            worker: Worker::new(&config.worker_arguments),
            children: Children::default(),
            held: BTreeMap::new(),
            signals,
            adopting: false,
            ending: false,
        }
    }

    fn run(mut self) -> Result<(), MonitorError> {
        loop {
            if self.worker.is_due(Instant::now()) {
                self.start_worker();
            }
            self.finish_adoption();
            self.worker.flush();
            let ready = self.wait().map_err(MonitorError::Wait)?;
            if ready.signals && self.pass_signals_on() {
                return Ok(());
            }
            // First what was looked at: requests change what there is.
            for notice in self.children.look(&ready.children) {
                self.worker.send(notice);
            }
            if ready.worker {
                self.serve_requests();
            }
            if let Some(end) = self.worker.reap() {
                if self.ending && end.is_success() {
                    return Ok(());
                }
                self.worker_ended(&end)?;
            }
        }
    }

    /// Waits until something happens or the worker is due again.
    fn wait(&self) -> io::Result<Ready> {
        let mut polled = vec![PollFd::new(&self.signals, PollFlags::IN)];
        let mut worker_at = None;
        if let Some((pidfd, socket)) = self.worker.descriptors() {
            polled.push(PollFd::from_borrowed_fd(pidfd, PollFlags::IN));
            let wanted =
                if self.worker.has_unsent() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            worker_at = socket.is_some().then_some(polled.len());
            polled.extend(socket.map(|socket| PollFd::from_borrowed_fd(socket, wanted)));
        }
        let first_child = polled.len();
        polled.extend(self.children.polled());
        let timeout = self.worker.pause(Instant::now()).map(timespec);
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let woke: Vec<bool> = polled.iter().map(|descriptor| !descriptor.revents().is_empty()).collect();
        let worker = worker_at.is_some_and(|index| woke[index]);
        Ok(Ready { signals: woke[0], worker, children: woke[first_child..].to_vec() })
    }

    fn start_worker(&mut self) {
        self.worker.start();
        self.children.begin_adoption();
        for (key, descriptor) in &self.held {
            if let Ok(copy) = descriptor.try_clone() {
                self.worker.send((Notice::Held { key: key.clone() }, vec![copy]));
            }
        }
        for notice in self.children.adopted() {
            self.worker.send(notice);
        }
        self.adopting = true;
    }

    /// Launches of the worker before this one may still be under way; a worker that is told "complete" knows
    /// of all.
    fn finish_adoption(&mut self) {
        if self.adopting && self.worker.is_running() && !self.children.has_earlier_launches() {
            self.worker.send((Notice::AdoptionComplete, Vec::new()));
            self.adopting = false;
        }
    }

    fn serve_requests(&mut self) {
        while let Some((request, descriptors)) = self.worker.receive() {
            self.serve(request, descriptors);
        }
    }

    fn serve(&mut self, request: Request, descriptors: Vec<OwnedFd>) {
        match request {
            Request::Launch(launch) => {
                if let Some(failure) = self.children.launch(launch, descriptors) {
                    self.worker.send((Notice::Failed(failure), Vec::new()));
                }
            }
            Request::CloseStdin { id } => self.children.close_stdin(&id),
            Request::Forget { id } => self.children.forget(&id),
            Request::Hold { key } => {
                if let Some(descriptor) = descriptors.into_iter().next() {
                    self.held.insert(key, descriptor);
                }
            }
            Request::Release { key } => drop(self.held.remove(&key)),
            Request::Shutdown => self.ending = true,
        }
    }

    /// Says whether there is no worker to pass a signal on to, so that the monitor itself has to end.
    fn pass_signals_on(&mut self) -> bool {
        let mut unheard = false;
        while let Ok(Some(_)) = sys::next_signal(self.signals.as_fd()) {
            unheard |= !self.worker.terminate();
        }
        unheard
    }

    fn worker_ended(&mut self, end: &WorkerEnd) -> Result<(), MonitorError> {
        self.ending = false;
        self.adopting = false;
        if self.worker.keeps_failing() && self.children.is_empty() && self.held.is_empty() {
            return Err(MonitorError::WorkerFails(end.to_string()));
        }
        Ok(())
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: i64::from(duration.subsec_nanos()) }
}
