//! The processes that the monitor started: from the fork to the moment the worker has noted their end.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::message::{Descriptors, Launch, Notice, PidNamespace, Role};
use crate::cgroup;
use crate::launch::channel::{self, Report};
use crate::launch::run_child;
use crate::launch_failure::{LaunchFailure, Stage};
use crate::process::{ExitStatus, Identity};
use crate::stdio::ParentStdio;
use crate::sys::{self, Forked};

/// A message to the worker with its descriptors.
pub(super) type Outgoing = (Notice, Vec<OwnedFd>);

/// Everything that was started and not forgotten.
#[derive(Default)]
pub(super) struct Children {
    kept: BTreeMap<String, Child>,
    /// Processes nobody asks about any more, only to be reaped: helpers, failed launches, what was forgotten
    /// early.
    unwanted: Vec<OwnedFd>,
    /// Root file systems of what has ended.
    roots: Vec<OwnedFd>,
}

struct Child {
    state: State,
    /// The process, once it is known which one it is.
    process: Option<Process>,
    /// The engine's ends of its streams.
    stdio: ParentStdio,
    terminal: Option<OwnedFd>,
    /// Its root file system, kept so that its end does not wait for the disk: see [`let_go`].
    root: Option<OwnedFd>,
    /// The process that forked it into a PID namespace, to be reaped.
    helper: Option<OwnedFd>,
    /// Nothing is kept after its end.
    is_transient: bool,
    /// Launched for a worker that is gone.
    is_earlier: bool,
}

struct Process {
    identity: Identity,
    pidfd: OwnedFd,
}

enum State {
    /// The child sets itself up, and reports here.
    Starting {
        reports: OwnedFd,
        ready: bool,
    },
    Running,
    Ended(ExitStatus),
}

/// How a start went.
enum Outcome {
    Executed,
    Failed(LaunchFailure),
}

fn failure(id: String, stage: Stage, message: impl Into<String>) -> LaunchFailure {
    LaunchFailure { id, stage, message: message.into(), exit_code: 128 }
}

impl Children {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// What to wait for: the last report of those that start, the end of those that run.
    pub(super) fn polled(&self) -> impl Iterator<Item = PollFd<'_>> {
        let kept = self.kept.values().flat_map(Child::polled);
        kept.chain(self.unwanted.iter().map(|pidfd| PollFd::new(pidfd, PollFlags::IN)))
    }

    /// Forks a child for a launch; says why when that is not possible.
    pub(super) fn launch(&mut self, launch: Launch, descriptors: Vec<OwnedFd>) -> Option<LaunchFailure> {
        let Launch { id, pid_namespace, cgroup, transient, descriptors: roles } = launch;
        let Some(mut descriptors) = Descriptors::pair(roles, descriptors) else {
            return Some(failure(id, Stage::Specification, "the launch came without all of its descriptors"));
        };
        if self.kept.get(&id).is_some_and(|child| !matches!(child.state, State::Ended(_))) {
            return Some(failure(id, Stage::Fork, "it is already running"));
        }
        let birthplace = match cgroup.map_or(Ok(None), |(parent, name)| cgroup::birthplace(&parent, &name)) {
            Ok(birthplace) => birthplace,
            Err(error) => return Some(failure(id, Stage::Cgroup, format!("{error}: {}", error.source))),
        };
        let stdio = descriptors.take_parent_stdio();
        match fork_child(pid_namespace, birthplace, descriptors) {
            Ok(mut child) => {
                (child.stdio, child.is_transient) = (stdio, transient);
                self.kept.insert(id, child);
                None
            }
            Err(error) => Some(failure(id, Stage::Fork, format!("fork the container's process: {error}"))),
        }
    }

    pub(super) fn close_stdin(&mut self, id: &str) {
        if let Some(child) = self.kept.get_mut(id) {
            child.stdio.stdin = None;
        }
    }

    pub(super) fn forget(&mut self, id: &str) {
        let Some(mut child) = self.kept.remove(id) else { return };
        self.roots.extend(child.root.take());
        self.unwanted.extend(child.helper.take());
        if !matches!(child.state, State::Ended(_)) {
            self.unwanted.extend(child.process.map(|process| process.pidfd));
        }
    }

    /// Looks at the children that something happened to and says what; `woke` is the result of polling [`Self::polled`].
    pub(super) fn look(&mut self, woke: &[bool]) -> Vec<Outgoing> {
        let mut woke = woke.iter().copied();
        let mut news = Vec::new();
        let (mut over, mut helpers) = (Vec::new(), Vec::new());
        for (id, child) in &mut self.kept {
            let count = child.polled().count();
            if woke.by_ref().take(count).fold(false, |any, one| any | one) && child.look(id, &mut news) {
                over.push(id.clone());
            }
            match child.state {
                State::Starting { .. } => {}
                State::Running => helpers.extend(child.helper.take()),
                State::Ended(_) => self.roots.extend(child.root.take()),
            }
        }
        self.unwanted.retain(|pidfd| woke.next() != Some(true) || reap(pidfd.as_fd()).is_none());
        over.iter().for_each(|id| self.forget(id));
        self.unwanted.append(&mut helpers);
        self.unwanted.extend(let_go(&mut self.roots));
        news
    }

    /// From here on all launches were for an earlier worker.
    pub(super) fn begin_adoption(&mut self) {
        self.kept.values_mut().for_each(|child| child.is_earlier = true);
    }

    /// Whether a launch for an earlier worker is still under way.
    pub(super) fn has_earlier_launches(&self) -> bool {
        let mut children = self.kept.values();
        children.any(|child| child.is_earlier && matches!(child.state, State::Starting { .. }))
    }

    /// What a new worker has to know.
    pub(super) fn adopted(&self) -> Vec<Outgoing> {
        let started = self.kept.iter().filter(|(_, child)| !matches!(child.state, State::Starting { .. }));
        started.filter_map(|(id, child)| child.introduce(id)).collect()
    }
}

fn fork_child(
    pid_namespace: PidNamespace,
    birthplace: Option<OwnedFd>,
    descriptors: Descriptors,
) -> std::io::Result<Child> {
    let (reports, childs_end) = channel::pair()?;
    let flags = match pid_namespace {
        PidNamespace::New => libc::CLONE_NEWNS | libc::CLONE_NEWPID,
        PidNamespace::Host => libc::CLONE_NEWNS,
        PidNamespace::Join => 0,
    };
    let (pid, pidfd) = match sys::fork(flags, birthplace.as_ref().map(AsFd::as_fd))? {
        Forked::Child => run_child(&childs_end, descriptors),
        Forked::Parent { pid, pidfd } => (pid, pidfd),
    };
    let mut child = Child {
        state: State::Starting { reports, ready: false },
        process: None,
        stdio: ParentStdio::default(),
        terminal: None,
        root: None,
        helper: None,
        is_transient: false,
        is_earlier: false,
    };
    if pid_namespace == PidNamespace::Join {
        // The child itself is yet to come from this one.
        child.helper = Some(pidfd);
    } else {
        child.process = Some(Process { identity: Identity::of(pid)?, pidfd });
    }
    Ok(child)
}

impl Child {
    fn polled(&self) -> impl Iterator<Item = PollFd<'_>> {
        let reports = match &self.state {
            // Its end alone, which is always told: no report asks for anything before the last one.
            State::Starting { reports, .. } => Some(PollFd::new(reports, PollFlags::empty())),
            State::Running | State::Ended(_) => None,
        };
        let ended = matches!(self.state, State::Ended(_));
        let process = self.process.as_ref().filter(|_| !ended);
        reports.into_iter().chain(process.map(|process| PollFd::new(&process.pidfd, PollFlags::IN)))
    }

    /// Tells what happened to it; true when it is not to be kept.
    fn look(&mut self, id: &str, news: &mut Vec<Outgoing>) -> bool {
        match self.look_at_start(id) {
            Some(Outcome::Executed) => news.extend(self.introduce(id)),
            Some(Outcome::Failed(failure)) => {
                news.push((Notice::Failed(failure), Vec::new()));
                return true;
            }
            None => {}
        }
        if !matches!(self.state, State::Starting { .. }) {
            // Usually it has ended by now, and nobody has to be woken up for that.
            self.helper.take_if(|helper| reap(helper.as_fd()).is_some());
        }
        let Some(end) = self.look_at_end(id) else { return false };
        news.push(end);
        self.is_transient
    }

    /// Reads the reports of a child that starts.
    fn look_at_start(&mut self, id: &str) -> Option<Outcome> {
        loop {
            let State::Starting { reports, ready } = &mut self.state else { return None };
            match channel::receive(reports.as_fd()) {
                Ok(Some((Report::Ready, _))) => *ready = true,
                Ok(Some((Report::Forked { pid }, Some(pidfd)))) => {
                    let Ok(identity) = Identity::of(pid) else { return Some(self.settle(id)) };
                    self.process = Some(Process { identity, pidfd });
                }
                Ok(Some((Report::Root, root))) => self.root = root,
                Ok(Some((Report::Terminal, terminal))) => self.terminal = terminal,
                Ok(Some((Report::Failed { stage, message, exit_code }, _))) => {
                    let id = id.to_owned();
                    return Some(Outcome::Failed(LaunchFailure { id, stage, message, exit_code }));
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return self.settle_if_ended(id);
                }
                Ok(None) | Ok(Some((Report::Forked { .. }, None))) | Err(_) => return Some(self.settle(id)),
            }
        }
    }

    /// A process that joined a PID namespace can end while its helper still holds the channel open.
    fn settle_if_ended(&mut self, id: &str) -> Option<Outcome> {
        let State::Starting { ready: true, .. } = self.state else { return None };
        let process = self.process.as_ref()?;
        is_over(process.pidfd.as_fd()).then(|| self.settle(id))
    }

    /// Nothing more will be reported.
    fn settle(&mut self, id: &str) -> Outcome {
        if let State::Starting { ready: true, .. } = self.state
            && self.process.is_some()
        {
            self.state = State::Running;
            return Outcome::Executed;
        }
        Outcome::Failed(failure(
            id.to_owned(),
            Stage::Fork,
            "the process was killed while it was being set up",
        ))
    }

    fn look_at_end(&mut self, id: &str) -> Option<Outgoing> {
        let (State::Running, Some(process)) = (&self.state, &self.process) else { return None };
        let status = reap(process.pidfd.as_fd())?;
        self.state = State::Ended(status);
        Some((Notice::Exited { id: id.to_owned(), status }, Vec::new()))
    }

    /// Tells the worker of a process: as launched to the one that asked for it, as adopted to any later one.
    fn introduce(&self, id: &str) -> Option<Outgoing> {
        let process = self.process.as_ref()?;
        let mut descriptors = Descriptors::default();
        let terminal = self.terminal.as_ref().map(OwnedFd::try_clone).transpose().ok()?;
        descriptors.add(Role::Terminal, terminal);
        let status = match self.state {
            State::Ended(status) => Some(status),
            State::Starting { .. } | State::Running => {
                descriptors.add(Role::Pidfd, Some(process.pidfd.try_clone().ok()?));
                None
            }
        };
        let (id, identity) = (id.to_owned(), process.identity.clone());
        let notice = if self.is_earlier {
            descriptors.add_parent_stdio(self.stdio.try_clone().ok()?);
            Notice::Adopted { id, identity, status, descriptors: descriptors.roles() }
        } else {
            Notice::Launched { id, identity, descriptors: descriptors.roles() }
        };
        Some((notice, descriptors.into_owned()))
    }
}

/// Closes the last references to overlays in a process of its own. Unmounting one writes all that is
/// unwritten on the disk below it, which can take seconds; with this reference neither the container's end
/// nor the monitor waits. Without a process to spare the monitor does.
fn let_go(roots: &mut Vec<OwnedFd>) -> Option<OwnedFd> {
    if roots.is_empty() {
        return None;
    }
    let forked = sys::fork(0, None);
    if let Ok(Forked::Child) = forked {
        // First all else: a pipe that stays open here would look open to the other side.
        let closed = sys::close_all_but(roots);
        sys::exit_now(i32::from(closed.is_err()))
    }
    roots.clear();
    match forked {
        Ok(Forked::Parent { pidfd, .. }) => Some(pidfd),
        Ok(Forked::Child) | Err(_) => None,
    }
}

/// How the child behind `pidfd` ended, once; none while it runs.
pub(super) fn reap(pidfd: BorrowedFd<'_>) -> Option<ExitStatus> {
    let status = waitid(WaitId::PidFd(pidfd), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).ok()??;
    let code = status.exit_status().map(ExitStatus::Code);
    code.or_else(|| status.terminating_signal().map(ExitStatus::Signal))
}

/// Whether the child has ended, without reaping it.
fn is_over(pidfd: BorrowedFd<'_>) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::PidFd(pidfd), look).is_ok_and(|status| status.is_some())
}
