//! Making and joining namespaces.

use std::os::fd::{AsFd, OwnedFd};

use rustix::thread::{
    LinkNameSpaceType, ThreadNameSpaceType, UnshareFlags, move_into_link_name_space,
    move_into_thread_name_spaces,
};

use super::channel::Channel;
use super::error::{At, SetupError};
use crate::cgroup::{self, Cgroup};
use crate::launch_failure::Stage;
use crate::process::Pidfd;
use crate::spec::{CgroupNamespace, CgroupSpec, Namespace, Namespaces, NetworkNamespace};
use crate::sys::{self, Forked};

/// The containers whose namespaces are to be joined, opened while their pids mean something to this process.
pub(super) struct Donors {
    pid: Option<Pidfd>,
    ipc: Option<OwnedFd>,
    uts: Option<OwnedFd>,
}

impl Donors {
    pub(super) fn open(namespaces: &Namespaces) -> Result<Self, SetupError> {
        Ok(Self {
            pid: open_donor(&namespaces.pid)?,
            ipc: open_namespace(&namespaces.ipc, "ipc")?,
            uts: open_namespace(&namespaces.uts, "uts")?,
        })
    }
}

fn open_donor(namespace: &Namespace) -> Result<Option<Pidfd>, SetupError> {
    let Namespace::Join(donor) = namespace else { return Ok(None) };
    let what = || format!("join the namespace of process {}", donor.pid);
    donor.open().at(Stage::Namespaces, what).map(Some)
}

/// The donor's namespace file. A child that is in a PID namespace of its own already cannot open the donor by its pid, but `/proc`
/// is still the host's.
fn open_namespace(namespace: &Namespace, kind: &str) -> Result<Option<OwnedFd>, SetupError> {
    let Namespace::Join(donor) = namespace else { return Ok(None) };
    let what = || format!("join the {kind} namespace of process {}", donor.pid);
    let file = std::fs::File::open(format!("/proc/{}/ns/{kind}", donor.pid)).at(Stage::Namespaces, what)?;
    // Checked after the opening: a pid that was reused meanwhile is found out.
    let alive =
        if donor.is_alive() { Ok(()) } else { Err(std::io::Error::from(std::io::ErrorKind::NotFound)) };
    alive.at(Stage::Namespaces, what).map(|()| Some(file.into()))
}

/// A PID namespace holds for children only: a joining child forks once more. The other cases the monitor's
/// fork did.
pub(super) fn enter_pid_namespace(
    donors: &Donors,
    cgroup_spec: &CgroupSpec,
    channel: &Channel,
) -> Result<(), SetupError> {
    let Some(donor) = &donors.pid else { return Ok(()) };
    join(donor, ThreadNameSpaceType::PROCESS_ID)?;
    let birthplace = cgroup::birthplace(&cgroup_spec.parent, &cgroup_spec.name);
    let birthplace = birthplace.at(Stage::Cgroup, || "make the cgroup".into())?;
    become_sibling(libc::CLONE_NEWNS, birthplace, channel)
}

/// Forks a child that is the monitor's, tells the monitor, and ends. Returns in the child.
pub(super) fn become_sibling(
    flags: i32,
    birthplace: Option<OwnedFd>,
    channel: &Channel,
) -> Result<(), SetupError> {
    let birthplace = birthplace.as_ref().map(AsFd::as_fd);
    let forked = sys::fork(libc::CLONE_PARENT | flags, birthplace);
    match forked.at(Stage::Fork, || "fork into the namespaces".into())? {
        Forked::Child => Ok(()),
        Forked::Parent { pid, pidfd } => {
            let told = channel.send_forked(pid, pidfd.as_fd());
            sys::exit_now(i32::from(told.is_err()))
        }
    }
}

/// Enters all namespaces but those of mounts and PIDs.
pub(super) fn enter(
    namespaces: &Namespaces,
    donors: &Donors,
    cgroup: &Cgroup,
    network: Option<OwnedFd>,
) -> Result<(), SetupError> {
    let mut new = UnshareFlags::empty();
    enter_network(namespaces.network, network, &mut new)?;
    let ipc = LinkNameSpaceType::InterProcessCommunication;
    let uts = LinkNameSpaceType::HostNameAndNISDomainName;
    donors.ipc.iter().try_for_each(|namespace| join_link(namespace, ipc))?;
    donors.uts.iter().try_for_each(|namespace| join_link(namespace, uts))?;
    new.set(UnshareFlags::NEWIPC, namespaces.ipc == Namespace::New);
    new.set(UnshareFlags::NEWUTS, namespaces.uts == Namespace::New);
    if has_own_cgroup_namespace(namespaces.cgroup, cgroup) {
        new |= UnshareFlags::NEWCGROUP;
    }
    sys::unshare(new).at(Stage::Namespaces, || "make the namespaces".into())
}

/// Private on cgroup v2, the host's on v1 (contract 1.1.2).
pub(super) fn has_own_cgroup_namespace(choice: CgroupNamespace, cgroup: &Cgroup) -> bool {
    match choice {
        CgroupNamespace::New => true,
        CgroupNamespace::Host => false,
        CgroupNamespace::Default => cgroup.unified_directory().is_some(),
    }
}

fn enter_network(
    choice: NetworkNamespace,
    given: Option<OwnedFd>,
    new: &mut UnshareFlags,
) -> Result<(), SetupError> {
    match (choice, given) {
        (NetworkNamespace::Host, _) => {}
        (NetworkNamespace::New, _) => *new |= UnshareFlags::NEWNET,
        (NetworkNamespace::Given, Some(namespace)) => {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
                .at(Stage::Namespaces, || "enter the network namespace".into())?;
        }
        (NetworkNamespace::Given, None) => {
            return Err(SetupError::new(Stage::Specification, "no network namespace was sent"));
        }
    }
    Ok(())
}

fn join_link(namespace: &OwnedFd, kind: LinkNameSpaceType) -> Result<(), SetupError> {
    move_into_link_name_space(namespace.as_fd(), Some(kind))
        .at(Stage::Namespaces, || "join the namespace of another container".into())
}

fn join(donor: &Pidfd, namespace: ThreadNameSpaceType) -> Result<(), SetupError> {
    move_into_thread_name_spaces(donor.as_fd(), namespace)
        .at(Stage::Namespaces, || "join the namespace of another container".into())
}
