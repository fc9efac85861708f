//! What monitor and worker tell each other: small JSON datagrams, with the roles of the descriptors beside
//! them.

use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};

use crate::launch_failure::LaunchFailure;
use crate::process::{ExitStatus, Identity};
use crate::stdio::{ChildStdio, ParentStdio};

/// From the worker to the monitor.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Start a process.
    Launch(Launch),
    /// Drop the kept write end of stdin.
    CloseStdin { id: String },
    /// The worker has recorded the end of this process (or never wants to hear of it again).
    Forget { id: String },
    /// Keep the one descriptor sent along under this key.
    Hold { key: String },
    /// Drop the descriptor of this key.
    Release { key: String },
    /// End when the worker has ended with status 0.
    Shutdown,
}

/// What the monitor must know to fork; all else is in the spec, which is in a descriptor and only the child
/// reads.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) id: String,
    pub(crate) pid_namespace: PidNamespace,
    /// Parent and name of the cgroup that the child is born in. Where it is forked twice it finds that
    /// itself.
    pub(crate) cgroup: Option<(String, String)>,
    /// Nothing of it is kept once the worker has been told of its end.
    pub(crate) transient: bool,
    pub(crate) descriptors: Vec<Role>,
}

/// From the monitor to the worker.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    /// The process was executed.
    Launched { id: String, identity: Identity, descriptors: Vec<Role> },
    /// The process could not be executed; nothing of it is left in the monitor.
    Failed(LaunchFailure),
    /// A launched process ended. Repeated to a new worker until it is forgotten.
    Exited { id: String, status: ExitStatus },
    /// Told to a new worker about every process that is not forgotten.
    Adopted { id: String, identity: Identity, status: Option<ExitStatus>, descriptors: Vec<Role> },
    /// Told to a new worker about every held descriptor.
    Held { key: String },
    /// A new worker has been told everything.
    AdoptionComplete,
}

/// How the monitor starts the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PidNamespace {
    /// With a PID namespace of its own.
    New,
    /// In the monitor's.
    Host,
    /// In the one of another process, so the child has to be forked twice.
    Join,
}

/// What a descriptor beside a message is. One message has each role at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// The JSON of the spec.
    Spec,
    /// The network namespace.
    Network,
    /// The process's ends of its streams.
    ChildStdin,
    ChildStdout,
    ChildStderr,
    /// The engine's ends of its streams.
    ParentStdin,
    ParentStdout,
    ParentStderr,
    /// The engine's side of the pseudo-terminal.
    Terminal,
    /// The process.
    Pidfd,
}

/// Descriptors with their roles.
#[derive(Debug, Default)]
pub(crate) struct Descriptors(Vec<(Role, OwnedFd)>);

impl Descriptors {
    /// Pairs the roles of a message with the descriptors that came with it; none when their numbers differ.
    pub(crate) fn pair(roles: Vec<Role>, descriptors: Vec<OwnedFd>) -> Option<Self> {
        let fits = roles.len() == descriptors.len();
        fits.then(|| Self(roles.into_iter().zip(descriptors).collect()))
    }

    pub(crate) fn add(&mut self, role: Role, descriptor: Option<OwnedFd>) {
        self.0.extend(descriptor.map(|descriptor| (role, descriptor)));
    }

    pub(crate) fn take(&mut self, role: Role) -> Option<OwnedFd> {
        let index = self.0.iter().position(|(known, _)| *known == role)?;
        Some(self.0.swap_remove(index).1)
    }

    /// The roles in the order of [`Self::into_owned`].
    pub(crate) fn roles(&self) -> Vec<Role> {
        self.0.iter().map(|(role, _)| *role).collect()
    }

    pub(crate) fn into_owned(self) -> Vec<OwnedFd> {
        self.0.into_iter().map(|(_, descriptor)| descriptor).collect()
    }

    pub(crate) fn add_child_stdio(&mut self, stdio: ChildStdio) {
        self.add(Role::ChildStdin, stdio.stdin);
        self.add(Role::ChildStdout, stdio.stdout);
        self.add(Role::ChildStderr, stdio.stderr);
    }

    pub(crate) fn take_child_stdio(&mut self) -> ChildStdio {
        ChildStdio {
            stdin: self.take(Role::ChildStdin),
            stdout: self.take(Role::ChildStdout),
            stderr: self.take(Role::ChildStderr),
        }
    }

    pub(crate) fn add_parent_stdio(&mut self, stdio: ParentStdio) {
        self.add(Role::ParentStdin, stdio.stdin);
        self.add(Role::ParentStdout, stdio.stdout);
        self.add(Role::ParentStderr, stdio.stderr);
    }

    pub(crate) fn take_parent_stdio(&mut self) -> ParentStdio {
        ParentStdio {
            stdin: self.take(Role::ParentStdin),
            stdout: self.take(Role::ParentStdout),
            stderr: self.take(Role::ParentStderr),
        }
    }
}
